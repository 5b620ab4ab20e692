"""Canonical addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleanery.urls import canonical_url, host_of


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTPS://Example.COM", "https://example.com/"),
        ("https://example.com:443/a#top", "https://example.com/a"),
        ("http://example.com:8080/a", "http://example.com:8080/a"),
        ("https://e.com/?b=2&a=1", "https://e.com/?a=1&b=2"),
        ("https://e.com/a?utm_source=x&id=7&fbclid=y", "https://e.com/a?id=7"),
        ("https://e.com/a?utm_source=x", "https://e.com/a"),
        ("https://e.com/기사", "https://e.com/%EA%B8%B0%EC%82%AC"),
        ("https://e.com/%ea%b8%b0", "https://e.com/%EA%B8%B0"),
        ("https://user:secret@e.com/a", "https://e.com/a"),
        ("http://[::1]:80/", "http://[::1]/"),
        ("  https://e.com/a ", "https://e.com/a"),
    ],
)
def test_one_page_has_one_spelling(url, canonical):
    assert canonical_url(url) == canonical
    assert canonical_url(canonical) == canonical


@pytest.mark.parametrize(
    "url", ["", "/a", "ftp://e.com/", "javascript:alert(1)", "https://", "http://e.com:port/"]
)
def test_what_is_no_web_address_is_refused(url):
    with pytest.raises(ValueError, match=r"."):
        canonical_url(url)


@given(st.text(max_size=30), st.text(alphabet="ab=&%?#/", max_size=20))
def test_canonical_is_a_fixed_point(path, query):
    once = canonical_url(f"https://e.com/{path}?{query}".replace("[", "").replace("]", ""))

    assert canonical_url(once) == once


def test_host_of_nothing_is_empty():
    assert host_of("https://Sub.E.com:1/a") == "sub.e.com"
    assert host_of("mailto:x@e.com") == ""
