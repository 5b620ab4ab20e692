"""Which way of writing a picture out a text model reads best: sizes, palettes and orders."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gleanery.errors import ConfigError, EngineError, ModelToolError
from items.taxonomy import load_taxonomy
from model_server.images import Order, Picture, draw, write_out
from model_server.language.labels import choose_labels
from model_server.language.language_model import LanguageModel
from model_server.language.prompt import load_prompt
from model_server.spec import read_spec
from model_server.trial import Progress

PROMPT = ("label_image", "1")
SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
GREY = 128
"""Lightness of the empty picture that labels are calibrated with."""


@dataclass(slots=True, kw_only=True, frozen=True)
class LabelledImage:
    """One file; its folder's name is what it shows."""

    path: Path
    label: str


@dataclass(slots=True, kw_only=True, frozen=True)
class Form:
    """One way to write a picture out."""

    size: int
    colours: int
    """0 = no palette."""
    order: Order


@dataclass(slots=True, kw_only=True, frozen=True)
class FormResult:
    """How well a model read pictures of one form."""

    size: int
    colours: int
    order: Order
    images: int
    accuracy: float
    """Share labelled right, in [0, 1]."""
    chance: float
    """Share of the most frequent label: what a constant answer would get."""
    tokens: int
    """Of one picture, on average."""
    seconds: float
    """For one picture, on average."""
    error: str | None = None
    """Why there are no figures, e.g. the pictures do not fit into the model's context."""


def find_images(folder: Path) -> list[LabelledImage]:
    """Return the images of ``folder/<label>/``, in order of their paths.

    Raises:
        ConfigError: There are none, or fewer than two labels.
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder} is no folder")
    found = [
        LabelledImage(path=path, label=path.parent.name)
        for path in sorted(folder.glob("*/*"))
        if path.suffix.lower() in SUFFIXES
    ]
    if len({image.label for image in found}) < 2:
        raise ConfigError(f"{folder} needs at least two folders of images, named by what they show")
    return found


def load_language_model(engine: str, *, engines_file: Path | None, cache: Path) -> LanguageModel:
    """Return a loaded engine that reads text.

    Raises:
        ConfigError: It is no language model, or an option is wrong.
        RegistryError: There is no such engine.
        EngineError: It does not run here.
    """
    spec = read_spec(engine, engines_file)
    made = spec.engines[spec.main].make(load_taxonomy(), cache=cache)
    if not isinstance(made, LanguageModel):
        raise ConfigError(f"engine {engine} reads no pictures: name a language model")
    made.load()
    if made.options.self_test:
        made.self_test()
    return made


def forms(sizes: Sequence[int], colours: Sequence[int], orders: Sequence[Order]) -> list[Form]:
    """Return every combination."""
    return [Form(size=s, colours=c, order=o) for s, c, o in product(sizes, colours, orders)]


def evaluate_images(
    engine: LanguageModel,
    images: Sequence[LabelledImage],
    wanted: Sequence[Form],
    *,
    progress: Progress | None = None,
) -> Iterator[FormResult]:
    """Yield the figures of each form.

    A label's score is its log-probability less that after an evenly grey picture (Zhao et al.,
    2021, arXiv:2102.09690): a model likes some words better whatever it sees.

    Args:
        engine: Loaded.
        images: With two labels at least.
        wanted: The forms.
        progress: Called with pictures done and in all.

    Raises:
        ModelToolError: An image cannot be read; the message names the file.
    """
    labels = sorted({image.label for image in images})
    right = np.array([labels.index(image.label) for image in images])
    total = len(wanted) * len(images)
    for number, form in enumerate(wanted):
        if progress:
            progress(number * len(images), total)
        yield _evaluate(engine, images, form, labels, right)
    if progress:
        progress(total, total)


def _evaluate(
    engine: LanguageModel,
    images: Sequence[LabelledImage],
    form: Form,
    labels: Sequence[str],
    right: NDArray[np.int64],
) -> FormResult:
    pictures = [_draw(image, form) for image in images]
    accuracy, seconds, error = 0.0, 0.0, None
    started = time.perf_counter()
    try:
        answers = _label(engine, pictures, form, labels)
        accuracy = float((answers == right).mean())
        seconds = (time.perf_counter() - started) / len(images)
    except EngineError as reason:
        error = str(reason)
    return FormResult(
        size=form.size,
        colours=form.colours,
        order=form.order,
        images=len(images),
        accuracy=round(accuracy, 4),
        chance=round(float(np.bincount(right).max()) / len(images), 4),
        tokens=round(np.mean([engine.count_tokens(p.text) for p in pictures])),
        seconds=round(seconds, 3),
        error=error,
    )


def _label(
    engine: LanguageModel, pictures: Sequence[Picture], form: Form, labels: Sequence[str]
) -> NDArray[np.int64]:
    """Return the number of the label that each picture gets.

    Raises:
        EngineError: A picture does not fit into the model's context.
    """
    words = choose_labels(
        [[label.replace("_", " "), label] for label in labels], engine.first_token
    )
    prompt = load_prompt(*PROMPT)
    shown = (
        labels if words == labels else [f"{w} = {n}" for w, n in zip(words, labels, strict=True)]
    )
    instructions = prompt.instructions(meta_prompt=engine.options.meta_prompt, labels=shown)
    grey = np.full((form.size, form.size, 3), GREY, np.uint8)
    empty = write_out(grey, colours=form.colours, order=form.order)
    questions = [prompt.question(instructions, **asdict(p)) for p in (empty, *pictures)]
    longest = max(engine.count_tokens(q.instructions + q.document + q.answer) for q in questions)
    if longest + 16 > engine.context:
        raise EngineError(f"{longest} tokens do not fit into a context of {engine.context}")
    rows = np.concatenate([engine.score([question], words) for question in questions])
    answers: NDArray[np.int64] = (rows[1:] - rows[0]).argmax(axis=1)
    return answers


def _draw(image: LabelledImage, form: Form) -> Picture:
    """Write one file out.

    Raises:
        ModelToolError: It cannot be read; the message names it.
    """
    try:
        data = image.path.read_bytes()
        return draw(data, size=form.size, colours=form.colours, order=form.order)
    except (OSError, ModelToolError) as error:
        raise ModelToolError(f"{image.path}: {error}") from error
