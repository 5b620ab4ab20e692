"""From what an endpoint says to the score of each label."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_server.endpoint.answers import Answer
from model_server.endpoint.routes import BELOW, PICKED, from_pick, from_top, match

LABELS = ["food", "finance", "fashion", "art", "housing"]


def test_a_label_counts_the_tokens_that_are_it_or_that_it_alone_begins():
    top = [(" Food", -1.0), ("food", -2.0), (" fas", -3.0), (" f", -0.5), ("▁art", -4.0)]

    scores = from_top(top, LABELS)

    assert scores[0] == pytest.approx(math.log(math.exp(-1) + math.exp(-2)))
    assert scores[2:4] == pytest.approx([-3.0, -4.0])
    assert scores[1] == scores[4] == pytest.approx(-4 - BELOW)  # just below the smallest seen


def test_letters_are_labels_only_as_they_are_written():
    assert from_top([(" a", -1.0)], ["A", "B"])[0] == pytest.approx(-1 - BELOW)
    assert from_top([(" A", -1.0)], ["A", "B"])[0] == -1


@given(
    st.lists(st.tuples(st.sampled_from([*LABELS, "the", "", " "]), st.floats(-50, 0)), max_size=9)
)
def test_every_label_has_a_finite_score_whatever_the_endpoint_lists(top):
    scores = from_top(top, LABELS)

    assert all(math.isfinite(score) for score in scores)
    assert max(scores) <= math.log(max(1, len(top)))


def test_a_letter_that_was_picked_is_no_article():
    assert match("This is a text of kind B.", ["A", "B"]) == 1


def test_a_pick_gets_its_share_and_the_rest_is_shared():
    shares = [math.exp(score) for score in from_pick(1, 5)]

    assert shares[1] == pytest.approx(PICKED)
    assert sum(shares) == pytest.approx(1)
    assert len(set(from_pick(None, 5))) == 1


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("food", "food"),
        (" Food.\n", "food"),
        ("**fashion**", "fashion"),
        ('{"category": "finance"}', "finance"),
        ("I think this is about food", "food"),
        ("finance, not food", "finance"),
        ("It is about food and finance", None),
        ("seafood", None),
        ("", None),
        ("{}", None),
        ("[1, 2]", None),
    ],
)
def test_an_answer_means_the_label_it_names(said, label):
    place = match(said, LABELS)

    assert (None if place is None else LABELS[place]) == label


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<think>food? no</think>\n\nart", "\n\nart"),
        (
            "<|channel|>analysis<|message|>food?<|end|><|channel|>final<|message|>art<|return|>",
            "art",
        ),
        ("art<|im_end|>", "art"),
        ("<think>food or art", ""),
    ],
)
def test_thoughts_that_a_server_leaves_in_are_not_the_answer(content, text):
    answer = Answer.model_validate({"choices": [{"message": {"content": content}}]})

    assert answer.text == text
