"""Which way of writing pictures out is read best: measured with a model that sees lightness."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
from PIL import Image

from gleanery.errors import ConfigError, ModelToolError
from items import load_taxonomy
from model_server.evaluate_images import evaluate_images, find_images, forms
from model_server.language.language_model import LanguageModel, LanguageModelOptions
from tests.cli import gleanery


class Lightness(LanguageModel):
    """Prefers ``light`` the lighter the picture's first six digits are; always likes it a bit more.

    It reads pictures without a palette, by rows or columns; words are split at blanks.
    """

    name: ClassVar[str] = "lightness"
    weights = "lightness"
    context = 2_000

    def load_model(self):
        pass

    def count_tokens(self, text):
        return len(text) // 3

    def score(self, questions, labels):
        return np.array([[self._score(q, label) for label in labels] for q in questions])

    def generate(self, question, *, max_tokens, schema=None):
        raise NotImplementedError

    def _score(self, question, label):
        first = question.document.splitlines()[1][:6]
        return 50 + int(first[:2], 16) if label == "light" else 128


@pytest.fixture
def folder(tmp_path):
    """Four images, two dark and two light."""
    for number, lightness in enumerate((10, 90, 180, 250)):
        path = tmp_path / ("light" if lightness > 128 else "dark") / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("L", (20, 20), lightness).save(path)
    return tmp_path


@pytest.fixture
def model(tmp_path):
    return Lightness(load_taxonomy(), LanguageModelOptions(model="x"), cache=tmp_path)


def test_every_form_gets_its_figures_and_labels_are_calibrated(folder, model):
    steps = []
    wanted = forms([4], [0], ["rows", "columns"])

    results = list(
        evaluate_images(model, find_images(folder), wanted, progress=lambda *s: steps.append(s))
    )

    assert [(r.order, r.accuracy, r.chance, r.images) for r in results] == [
        ("rows", 1.0, 0.5, 4),
        ("columns", 1.0, 0.5, 4),
    ]
    assert {r.tokens for r in results} == {4 * (4 * 6 + 1) // 3}
    assert steps == [(0, 8), (4, 8), (8, 8)]


def test_a_form_that_does_not_fit_into_the_context_says_so(folder, model):
    (result,) = evaluate_images(model, find_images(folder), forms([64], [0], ["rows"]))

    assert result.error is not None
    assert "do not fit into a context of 2000" in result.error


def test_a_broken_image_is_named(folder, model):
    (folder / "dark" / "broken.png").write_bytes(b"no image")

    with pytest.raises(ModelToolError, match=r"broken\.png: the image is broken"):
        list(evaluate_images(model, find_images(folder), forms([4], [0], ["rows"])))


def test_a_folder_without_two_labels_is_refused(folder):
    with pytest.raises(ConfigError, match="at least two folders"):
        find_images(folder / "dark")
    with pytest.raises(ConfigError, match="is no folder"):
        find_images(folder / "nowhere")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sizes", "3"], "--sizes"),
        (["--colours", "x"], "--colours"),
        (["--orders", "spiral"], "no order 'spiral'"),
        (["--engine", "e5"], "reads no pictures"),
    ],
)
def test_the_command_refuses_what_it_cannot_do(folder, arguments, message):
    refused = gleanery(folder, "evaluate-images", str(folder), *arguments)

    assert (refused.returncode, message in refused.error) == (2, True)
