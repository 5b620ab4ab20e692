"""Full text for servers: words of letters that any of them takes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.bigram import runs
from storage.words import in_a_row, index_words, match_words, needed_terms, says, terms


@pytest.mark.parametrize(
    ("text", "words", "query"),
    [
        ("여행기", "c5ecd589 d589ae30 ae30", "+c5ecd589 +d589ae30"),
        ("기", "ae30", "+ae30*"),
        ("the Café", "__the __cafe", "+__the +__cafe"),
        ("я", "___00044f", "+___00044f"),
        ("!?", "", ""),
    ],
    ids=["korean", "one syllable", "latin", "cyrillic", "no words"],
)
def test_terms_become_words_of_ascii_letters(text, words, query):
    assert index_words("", text) == words
    assert match_words(text) == query


def test_letters_that_stand_apart_are_no_word():
    (row,) = in_a_row("여행 여행기 tea 여행기")

    assert match_words("여행 여행여") == "+c5ecd589 +c5ecd589 +d589c5ec"
    assert [row in index_words("", said) for said in ("첫 여행기!", "행기 여행", "여행 행기")] == [
        True,
        False,
        False,
    ]


def test_a_title_counts_four_times():
    assert index_words("tea", "pot") == "__tea __tea __tea __tea __pot"


@given(st.text(max_size=60))
def test_a_text_is_the_sum_of_its_pieces_between_spaces(text):
    pieces = [index_words("", piece) for piece in text.split()]

    assert runs(text) == [run for piece in text.split() for run in runs(piece)]
    assert index_words("", text) == " ".join(filter(None, pieces))


@given(st.text(max_size=60))
def test_words_hold_nothing_that_a_query_would_read(text):
    assert re.fullmatch(r"[0-9a-z_ ]*", index_words(text, text))
    assert re.fullmatch(r"[0-9a-z_ +*]*", match_words(text))


@given(st.text(max_size=40))
def test_every_text_has_the_terms_that_finding_it_needs(text):
    whole, heads = needed_terms(text)

    assert set(whole) <= terms(text)
    assert all(any(term.startswith(head) for term in terms(text)) for head in heads)
    assert bool(says("", text, text)) == bool(whole or heads)
