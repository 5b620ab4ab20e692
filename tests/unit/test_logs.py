"""Secrets and log lines."""

from __future__ import annotations

import pytest

from gleanery.logs import Redactor


@pytest.mark.parametrize(
    ("line", "safe"),
    [
        (
            "Crawled (200) <GET https://api.example/v1?q=a&key=AIza-x_9&cx=1> (referer: None)",
            "Crawled (200) <GET https://api.example/v1?q=a&key=[hidden]&cx=1> (referer: None)",
        ),
        (
            "{b'Authorization': [b'bearer eyJhbGciOi.xyz-12']}",
            "{b'Authorization': [b'bearer [hidden]']}",
        ),
        ("access_token is ?access_token=abc#x", "access_token is ?access_token=[hidden]#x"),
        ("proxy http://me:pa55@proxy:3128", "proxy http://me:[hidden]@proxy:3128"),
        ("Overridden settings: {'CSE_KEY': 'abc'}", "Overridden settings: {'CSE_KEY': '[hidden]'}"),
        ("nextPageToken=CAUQAA and ?pageToken=x", "nextPageToken=CAUQAA and ?pageToken=x"),
        ("my s3cr3t/value and s3cr3t%2Fvalue", "my [hidden] and [hidden]"),
        ("nothing to hide at 12:30 in http://a.example/?q=keys", None),
    ],
)
def test_what_is_secret_or_looks_so_is_hidden(line, safe):
    assert Redactor(["s3cr3t/value", "", "abc"])(line) == (safe or line)
