"""Extractive titles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_server.titles import MAX_TITLE, clean, first_sentence, make_title

PIECES = (
    ["<b>", "</b>", "<a href='http://x.y/z'>", "http://a.b/c", "[글](http://a.b)", "**", "&amp;"],
    ["\x00", "\u200b", "\n", " ", ".", "다.", "!", "é", "e\u0301", "👩\u200d🚀", "한글", "word"],
)
MARKED_UP = st.lists(st.sampled_from([*PIECES[0], *PIECES[1]]), max_size=60).map("".join)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("비가 온다. 우산을 쓴다.", "비가 온다."),
        ("정말 그럴까요? 아닙니다.", "정말 그럴까요?"),
        ("끝났어요!! 다음은 없어요.", "끝났어요!!"),
        ('그는 "간다." 하고 말했다. 그리고 갔다.', '그는 "간다." 하고 말했다.'),
        ("雨が降る。傘を差す。", "雨が降る。"),
        ("It rains. Take an umbrella.", "It rains."),
        ("Dr. Kim met Mrs. Lee at 3 p.m. on Monday. They talked.",
         "Dr. Kim met Mrs. Lee at 3 p.m. on Monday."),
        ("The U.S. economy grew 3.5 percent. Good.", "The U.S. economy grew 3.5 percent."),
        ("Version 2.0 is out at last", "Version 2.0 is out at last"),
        ("기온은 3.5도였다 그리고 비", "기온은 3.5도였다 그리고 비"),
        ("“It is over.” She left.", "“It is over.”"),
    ],
)  # fmt: skip
def test_the_first_sentence_ends_where_a_reader_would_end_it(text, sentence):
    assert first_sentence(text) == sentence


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("A title", "Some text.", "A title"),
        ("", "First sentence. Second.", "First sentence."),
        ("  \n ", "본문 첫 문장이다. 둘째.", "본문 첫 문장이다."),
        ("<b>Bold</b> &amp; plain", "", "Bold & plain"),
        ("https://example.com/only-a-link", "The text says it.", "The text says it."),
        ("", "# Heading\n\nBody text here.", "Heading"),
        ("", "https://example.com/x\nLook at this picture", "Look at this picture"),
        ("", "[the report](https://example.com/r) is out. More.", "the report is out."),
        ("**중요** 공지", "", "중요 공지"),
        ("a\u200bb\x00c\td", "", "ab c d"),
        ("한국어\u202e제목", "", "한국어제목"),
        ("3 < 5 and 7 > 6", "", "3 < 5 and 7 > 6"),
        ("👩\u200d🚀 in space", "", "👩\u200d🚀 in space"),
        ("", "", ""),
        ("...", "---\n***", ""),
        ("http://", "ht\u200btp://a.b/c", ""),
        ("ht**tp://a.b", "", ""),
    ],
)
def test_a_title_is_the_given_one_else_the_first_sentence_without_markup(title, text, expected):
    assert make_title(title, text) == expected


def test_a_long_title_is_cut_at_a_word():
    words = "정부는 오늘 오후 서울에서 열린 회의에서 새로운 정책을 발표했다고 " * 3

    title = make_title(words, "")

    assert len(title) <= MAX_TITLE
    assert title.endswith("…")
    assert words.startswith(title[:-1])
    assert words[len(title) - 1] == " "


def test_one_word_longer_than_a_title_is_cut_inside():
    assert make_title("가" * 200, "") == "가" * 79 + "…"


def test_a_title_of_exactly_the_limit_is_left_alone():
    assert make_title("a" * 80, "") == "a" * 80


@given(title=st.text(max_size=200) | MARKED_UP, text=st.text(max_size=300) | MARKED_UP)
def test_a_title_is_short_one_line_and_printable(title, text):
    """Whatever comes in."""
    made = make_title(title, text)

    assert len(made) <= MAX_TITLE
    assert made == made.strip()
    assert all(c.isprintable() or c == "\u200d" for c in made)
    assert "http://" not in made
    assert bool(made) == any(c.isalnum() for c in made)


@given(MARKED_UP)
def test_cleaning_twice_changes_nothing(text):
    once = clean(text)

    assert clean(once) == once
