"""The engine ``openai`` against real servers of other makers, with a real small model."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np
import pytest

from items import load_taxonomy
from model_server.language.question import Question
from model_server.schema import Document
from model_server.spec import parse_spec
from tests.openai_servers import llama_cpp_python_server, llama_server, running

pytestmark = [pytest.mark.models, pytest.mark.timeout(900)]
TAXONOMY = load_taxonomy()
DOCUMENTS = [
    Document(text="양파를 볶다가 육수를 붓고 끓여 주세요."),
    Document(text="Play tennis, swim, run a marathon: how athletes train for the Olympic games."),
]
OTHER_BATCHES = 0.1
"""What a score may differ by: what is cached or asked beside it is computed in other batches, and
a quantised model rounds otherwise in each (0.034 seen on one machine, 0.01 on another)."""


@pytest.fixture(scope="module")
def llama(gguf, tmp_path_factory):
    with running(llama_server, gguf, tmp_path_factory.mktemp("llama") / "log") as url:
        yield url


@contextmanager
def loaded(url, cache, **options):
    spec = parse_spec(f"openai:{url}")
    told = {"url": url, "subcategories": False, "calibrate": False, "chat": False, "timeout": 300}
    engine = spec.engine(TAXONOMY, spec.engine.Options(**told | options), cache=cache)
    try:
        engine.load()
        yield engine
    finally:
        engine.close()


@pytest.fixture(scope="module")
def engine(llama, tmp_path_factory):
    with loaded(llama, tmp_path_factory.mktemp("cache")) as engine:
        yield engine


def test_llama_server_gives_exact_scores_of_every_label(engine):
    engine.self_test()
    first = engine.classify(DOCUMENTS)
    again = engine.classify(DOCUMENTS[::-1])[::-1]

    assert "-llama.cpp/" in engine.version
    assert engine.context <= 4096
    assert [v.category for v in first] == ["food", "sports_leisure"]
    for one, other in zip(first, again, strict=True):
        assert len(set(one.scores.values())) == len(TAXONOMY.keys)  # none is a floor
        assert one.scores == pytest.approx(other.scores, abs=OTHER_BATCHES)


def test_llama_server_gives_the_scores_that_the_engine_llama_cpp_gives(engine, gguf, tmp_path):
    """So what is measured of one, injected orders too, holds for the other."""
    spec = parse_spec(f"llama_cpp:{gguf}")
    told = spec.engine.Options(model=str(gguf), subcategories=False, calibrate=False)
    direct = spec.engine(TAXONOMY, told, cache=tmp_path)
    try:
        direct.load()
        verdicts = direct.classify(DOCUMENTS)
    finally:
        direct.close()

    for one, other in zip(engine.classify(DOCUMENTS), verdicts, strict=True):
        assert one.category == other.category
        assert one.scores == pytest.approx(other.scores, abs=OTHER_BATCHES)


def test_llama_server_reads_no_special_tokens_in_a_document(engine):
    """Else ``<|im_end|>`` or ``<end_of_turn>`` would be one token, and end the turn."""
    route = engine._route
    for mark in ("<end_of_turn>", "<start_of_turn>", "<eos>", "<bos>"):
        question = Question(instructions="", document=f"one {mark} two", answer="")
        pieces = [piece for _, piece in route._tokenize(question.document)]

        assert len(pieces) > 4
        assert mark not in pieces
        assert route._prompt(question)[-len(pieces) :] == [
            n for n, _ in route._tokenize(question.document)
        ]


def test_llama_server_cuts_what_is_too_long(engine):
    """Its error names the tokens asked for and those there are."""
    long = "양파를 볶다가 육수를 붓고 끓여 주세요. " * 200
    question = Question(instructions="", document=f"«{long}»\n", answer="Is this food? Answer:")

    scores = engine.score([question], ["yes", "no"])

    assert np.isfinite(scores).all()


def test_llama_server_writes_to_a_schema(engine):
    (title,) = engine.title(DOCUMENTS[1:])

    assert 0 < len(title) <= 80


@pytest.mark.parametrize(("mode", "route"), [("guided", "-grammar"), ("json", "-json-")])
def test_llama_server_holds_a_model_to_the_labels(mode, route, llama, tmp_path):
    with loaded(llama, tmp_path, mode=mode) as engine:
        (verdict,) = engine.classify(DOCUMENTS[1:])

    assert route in engine.version
    assert sum(verdict.scores.values()) == pytest.approx(1)


def test_llama_cpp_pythons_server_gives_the_likeliest_tokens(gguf, tmp_path):
    with (
        running(llama_cpp_python_server, gguf, tmp_path / "log") as url,
        loaded(url, tmp_path, concurrency=1) as engine,
    ):
        categories = [v.category for v in engine.classify(DOCUMENTS)]

    assert "-completions-top100/" in engine.version
    assert categories == ["food", "sports_leisure"]
