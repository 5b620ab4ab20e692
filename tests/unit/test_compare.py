"""Comparing engines: figures between two, and a recommendation that does not follow chance."""

from __future__ import annotations

import json
import sys

import pytest

from gleanery.errors import ConfigError, EngineError
from model_server.compare import chance_of_lead, compare_trials
from model_server.engine import Verdict
from model_server.evaluate import LabelledRow, calibration_error
from model_server.trial import Contender, Trial, run_trial_apart
from tests.cli import gleanery
from tests.model_echo import TAXONOMY

KEYS = TAXONOMY.keys


def trial(answers, *, seconds=1.0):
    verdicts = [
        Verdict(
            scores=dict.fromkeys(KEYS, 0.0) | {KEYS[a]: 1.0},
            category=KEYS[a],
            subcategory=None,
            needs_review=False,
        )
        for a in answers
    ]
    return Trial(
        version="1", verdicts=verdicts, load_seconds=0.1, seconds=seconds, memory_bytes=10**6
    )


ROWS = [LabelledRow(text="x", category=KEYS[n % 5]) for n in range(40)]
RIGHT = [n % 5 for n in range(40)]
WORSE = [(n % 5) if n % 4 else 6 for n in range(40)]
ONE_WRONG = [6, *RIGHT[1:]]


def test_a_lead_that_chance_would_not_give_decides():
    comparison = compare_trials(ROWS, {"fast": trial(WORSE, seconds=0.1), "good": trial(RIGHT)})

    (pair,) = comparison.pairs
    assert comparison.recommended == "good"
    assert "not chance" in comparison.reason["en"]
    assert (pair.only_first, pair.only_second, pair.agreement) == (0, 10, 0.75)
    assert pair.chance == pytest.approx(2 / 2**10, abs=1e-4)


def test_among_equals_the_faster_one_is_recommended():
    comparison = compare_trials(ROWS, {"slow": trial(RIGHT), "fast": trial(ONE_WRONG, seconds=0.1)})

    assert comparison.recommended == "fast"
    assert comparison.reason["en"].startswith("it cannot be told from slow")


def test_what_nobody_could_use_is_shown_but_never_recommended():
    trials = {"usable": trial(WORSE), "rehearsed": trial(RIGHT)}

    comparison = compare_trials(ROWS, trials, shown={"rehearsed"})

    assert comparison.recommended == "usable"
    assert list(comparison.engines) == ["usable", "rehearsed"]


def test_the_confusion_matrix_has_labels_as_rows_and_answers_as_columns():
    matrix = compare_trials(ROWS, {"worse": trial(WORSE)}).confusion["worse"]

    assert [sum(row) for row in matrix[:6]] == [8, 8, 8, 8, 8, 0]
    assert matrix[0][6] == 2
    assert matrix[0][0] == 6


@pytest.mark.parametrize(
    ("one", "other", "chance"), [(0, 0, 1), (5, 5, 1), (0, 5, 0.0625), (1, 9, 0.0215)]
)
def test_the_exact_test_of_mcnemar(one, other, chance):
    assert chance_of_lead(one, other) == pytest.approx(chance, abs=1e-4)
    assert chance_of_lead(one, other) == chance_of_lead(other, one)


def test_calibration_error_is_the_gap_between_confidence_and_truth():
    assert calibration_error([0.75] * 4, [True, True, True, False]) == 0
    assert calibration_error([1.0] * 4, [True, True, False, False]) == 0.5


# --- in a process of its own


@pytest.fixture(autouse=True)
def _test_engines(monkeypatch):
    monkeypatch.setenv("GLEANERY_TEST_ENGINES", "1")


def test_an_engine_is_tried_in_a_process_of_its_own_with_progress(tmp_path):
    documents = [LabelledRow(text=f"{n % 19}", category="food") for n in range(130)]
    steps = []

    found = run_trial_apart(
        Contender(engine="stub"),
        documents,
        cache=tmp_path,
        progress=lambda *step: steps.append(step),
    )

    assert [v.category for v in found.verdicts] == [KEYS[n % 19] for n in range(130)]
    assert steps == [(64, 130), (128, 130), (130, 130)]
    assert found.memory_bytes > 10**7


def test_what_goes_wrong_in_that_process_is_told(tmp_path):
    with pytest.raises(ConfigError, match="speed"):
        run_trial_apart(Contender(engine="stub", options={"speed": 1}), [], cache=tmp_path)
    with pytest.raises(EngineError, match="its process died"):
        run_trial_apart(Contender(engine="stub"), [Suicide()], cache=tmp_path)


class Suicide:
    """Ends the process that looks at it."""

    @property
    def text(self):
        sys.exit(3)


# --- the command


@pytest.mark.slow
def test_the_command_prints_figures_and_writes_a_page(tmp_path):
    data, page, options = (tmp_path / name for name in ("rows.jsonl", "p.html", "engines.yaml"))
    rows = [
        {"text": str(n), "category": KEYS[n], "source": "<b>" if n % 2 else "0.1"}
        for n in range(19)
    ]
    data.write_text("\n".join(map(json.dumps, rows)))
    options.write_text("engines: {slow: {engine: stub, latency_seconds: 0.3}}")
    arguments = ("compare", "--engines", "slow,stub", "--data", str(data), "--out", str(page))
    env = {"GLEANERY_MODEL_ENGINES_FILE": str(options), "GLEANERY_TEST_ENGINES": "1"}

    told = gleanery(tmp_path, *arguments, **env)
    answer = json.loads(gleanery(tmp_path, *arguments, "--json", **env).stdout)

    text = page.read_text(encoding="utf-8")
    assert "추천: stub" in told.stdout
    assert (answer["recommended"], answer["engines"]["slow"]["accuracy"]) == ("stub", 1.0)
    assert "&lt;b&gt;" in text
    assert text.count('class="matrix"') == 2


def test_a_wrong_list_of_engines_is_one_line(tmp_path):
    data = tmp_path / "rows.jsonl"
    data.write_text('{"text": "x", "category": "food"}')

    refused = gleanery(tmp_path, "compare", "--engines", "e5,e5", "--data", str(data))

    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "each once" in refused.stderr
