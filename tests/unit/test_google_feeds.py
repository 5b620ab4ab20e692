"""Feeds: encodings, faults, what is no feed."""

from __future__ import annotations

import pytest

from gleanery.errors import ExtractionError
from platforms.google.feed_reader import read_feed

ITEM = "<item><title>서울 소식 &amp;amp; 날씨</title><link>/a</link></item>"
FEED = f"<rss version='2.0'><channel><title>t</title>{ITEM}</channel></rss>"
URL = "https://example.org/rss"


@pytest.mark.parametrize(
    ("encoding", "declared", "content_type"),
    [
        ("utf-8", "", ""),
        ("utf-8", "", "text/xml"),
        ("utf-8", "euc-kr", "text/html; charset=iso-8859-1"),
        ("euc-kr", "euc-kr", "text/xml"),
        ("euc-kr", "", "application/rss+xml; charset=euc-kr"),
        ("utf-16", "", ""),
    ],
    ids=["plain", "text/xml", "everything lies", "declared", "header", "utf-16"],
)
def test_titles_are_read_in_the_encoding_they_are_in(encoding, declared, content_type):
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""

    listing = read_feed((declaration + FEED).encode(encoding), URL, content_type=content_type)

    assert [(r.title, r.url) for r in listing.results] == [
        ("서울 소식 & 날씨", "https://example.org/a")
    ]
    assert listing.problem == ""


def test_a_feed_that_is_cut_off_gives_what_it_has_and_says_so():
    listing = read_feed(FEED[: FEED.index("</channel>")].encode(), URL)

    assert len(listing.results) == 1
    assert listing.problem.startswith("malformed feed")


def test_entries_that_lead_nowhere_are_left_out_and_counted():
    feed = FEED.replace(ITEM, ITEM + "<item><link>mailto:a@b.c</link></item><item/>")

    listing = read_feed(feed.encode(), URL)

    assert len(listing.results) == 1
    assert listing.problem == "2 entries have no usable address"


@pytest.mark.parametrize(
    ("body", "said"),
    [(b"", "an empty answer"), (b"<html><p>Log in", "an HTML page"), (b"{}", "2 bytes of else")],
    ids=["empty", "html", "json"],
)
def test_what_is_no_feed_is_refused_with_what_it_is(body, said):
    with pytest.raises(ExtractionError, match=said):
        read_feed(body, URL)


def test_a_feed_without_entries_is_no_error():
    assert read_feed(FEED.replace(ITEM, "").encode(), URL).results == []
