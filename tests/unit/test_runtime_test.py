"""A broken runtime is refused, and says what was wrong; biases are measured once."""

from __future__ import annotations

import numpy as np
import pytest

from gleanery.errors import EngineError
from model_server.language.calibration import background, kept
from model_server.language.runtime_test import FACTS, FACTS_RIGHT, check_facts, check_perplexity


def scorer(right, *, wrong=0.0):
    """A model that knows so many of the sentences; ``wrong`` is its score of other words."""
    known = {beginning for beginning, _ in FACTS[:right]}

    def score(questions, labels):
        good = questions[0].answer in known
        return np.array([[1.0 if good else -1.0, *[wrong] * (len(labels) - 1)]])

    return score


def test_a_model_that_knows_most_sentences_passes():
    check_facts(scorer(FACTS_RIGHT))


def test_a_model_that_knows_too_few_is_refused_with_what_it_said():
    with pytest.raises(EngineError, match=r"self-test failed, 4 of 10 .*walked into the eleven"):
        check_facts(scorer(FACTS_RIGHT - 1))


def test_scores_that_are_no_numbers_are_wrong_answers():
    with pytest.raises(EngineError, match=r"10 of 10 .*France is no number"):
        check_facts(scorer(10, wrong=np.nan))


@pytest.mark.parametrize("found", [None, 17.1, 60.0])
def test_a_perplexity_within_the_limit_or_unknown_passes(found):
    check_perplexity(found, 60.0)


@pytest.mark.parametrize("found", [99.8, np.inf, np.nan])
def test_a_perplexity_above_the_limit_is_refused(found):
    with pytest.raises(EngineError, match=r"perplexity of plain English is .* max_perplexity"):
        check_perplexity(found, 60.0)


def test_the_background_has_both_languages():
    texts = background(32)

    assert {any("가" <= c <= "힣" for c in text) for text in texts} == {True, False}


def test_what_is_dear_is_computed_once_for_a_key(tmp_path):
    calls = []

    def compute():
        calls.append(1)
        return np.arange(6.0).reshape(2, 3)

    first = kept(tmp_path / "new", "a", compute)
    again = kept(tmp_path / "new", "a", compute)
    other = kept(tmp_path / "new", "b", compute)

    assert len(calls) == 2
    assert np.array_equal(first, again)
    assert np.array_equal(first, other)


def test_a_broken_file_in_the_cache_is_computed_again(tmp_path):
    kept(tmp_path, "a", lambda: np.ones(2))
    (path,) = tmp_path.iterdir()
    path.write_bytes(b"broken")

    assert kept(tmp_path, "a", lambda: np.zeros(2)).tolist() == [0.0, 0.0]


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path):
    (tmp_path / "file").write_text("")

    assert kept(tmp_path / "file" / "below", "a", lambda: np.ones(1)).tolist() == [1.0]
