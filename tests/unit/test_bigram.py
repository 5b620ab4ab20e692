"""Terms of the full-text index."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.bigram import index_terms, match_query


@pytest.mark.parametrize(
    ("text", "terms", "query"),
    [
        ("여행기", "여행 행기 기", '"여행 행기"'),
        ("AI반도체 2026", "ai 반도 도체 체 2026", '"ai" "반도 도체" "2026"'),
        ("C++ & don't", "c don t", '"c" "don" "t"'),
        ("가", "가", '"가"*'),
        ("!?", "", ""),
    ],
    ids=["korean", "mixed", "punctuation", "one syllable", "no words"],
)
def test_words_stay_whole_and_hangul_becomes_pairs(text, terms, query):
    assert index_terms(text) == terms
    assert match_query(text) == query


@given(st.text(max_size=60))
def test_a_query_never_breaks_out_of_its_quotes(text):
    """Whatever is typed, the query is quoted words and nothing else."""
    outside = match_query(text).split('"')[0::2]

    assert {part.strip() for part in outside} <= {"", "*"}
