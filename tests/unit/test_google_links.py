"""Google News tokens, and which links are followed."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleanery.errors import ExtractionError
from platforms.google.news_links import (
    decode_call,
    decode_offline,
    read_decoded,
    read_signature,
    token_of,
)
from platforms.google.provider import Result, Search
from platforms.web.links import LinkRules, site_of

PAGE = "https://www.bbc.co.uk/news/world"


def old_token(url: str) -> str:
    """A token as Google wrote it until 2024: field 1 = 19, field 4 the address, field 26 empty."""
    data = url.encode()
    length = (
        bytes([len(data) & 0x7F | 0x80, len(data) >> 7]) if len(data) > 127 else bytes([len(data)])
    )
    raw = b"\x08\x13\x22" + length + data + b"\xd2\x01\x00"
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@given(st.from_regex(r"https?://[a-z]{1,20}\.com/[a-zA-Z0-9_/-]{0,300}", fullmatch=True))
def test_an_old_token_gives_back_its_address(url):
    assert decode_offline(old_token(url)) == url


@given(st.text(alphabet="ABCDEFabcdef0123456789_-", max_size=60))
def test_no_token_however_broken_raises(token):
    assert decode_offline(token) is None or decode_offline(token).startswith("http")


@pytest.mark.parametrize(
    ("link", "token"),
    [
        ("https://news.google.com/rss/articles/CBMiABCDEFGHIJKLMNOP?oc=5", "CBMiABCDEFGHIJKLMNOP"),
        (
            "https://news.google.com/__i/rss/rd/articles/CBMiABCDEFGHIJKLMNOP",
            "CBMiABCDEFGHIJKLMNOP",
        ),
        ("https://news.google.com/read/CBMiABCDEFGHIJKLMNOP?hl=ko", "CBMiABCDEFGHIJKLMNOP"),
        ("https://news.google.com/stories/CAAqOQgKIjNDQklTSURvSm", None),
        ("https://example.org/page", None),
    ],
)
def test_a_token_is_found_in_every_kind_of_link(link, token):
    assert token_of(link) == token


def test_the_decoding_call_carries_token_time_and_signature():
    url, body = decode_call("https://news.google.com/", "TOKEN", "SIGN", 1754410000)

    name, call, _, kind = json.loads(parse_qs(body)["f.req"][0])[0][0]
    assert url == "https://news.google.com/_/DotsSplashUi/data/batchexecute"
    assert (name, kind) == ("Fbv4je", "generic")
    assert json.loads(call)[0] == "garturlreq"
    assert json.loads(call)[2:] == ["TOKEN", 1754410000, "SIGN"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>unusual traffic",
        b')]}\'\n\n[["wrb.fr","Fbv4je",null,null,null,[3],"generic"]]',
        b')]}\'\n\n[["wrb.fr","Fbv4je","[\\"garturlres\\",\\"javascript:1\\"]"]]',
        b')]}\'\n\n[["wrb.fr","Fbv4je","[\\"garturlres\\"',
    ],
    ids=["empty", "blocked", "error code", "no address", "cut off"],
)
def test_an_answer_without_an_address_is_refused(body):
    with pytest.raises(ExtractionError):
        read_decoded(body)


def test_a_page_without_a_signature_is_refused():
    with pytest.raises(ExtractionError, match="no signature"):
        read_signature(b"<html>Before you continue to Google</html>")


@pytest.mark.parametrize(
    ("rules", "link", "followed"),
    [
        ({}, "https://m.bbc.co.uk/sport", True),
        ({}, "https://www.guardian.co.uk/world", False),
        ({"same_site": False}, "https://www.guardian.co.uk/world", True),
        ({}, "https://www.bbc.co.uk/report.PDF", False),
        ({}, "https://www.bbc.co.uk/report.pdf?page=2", False),
        ({"allow": r"/news/"}, "https://www.bbc.co.uk/news/1", True),
        ({"allow": r"/news/"}, "https://www.bbc.co.uk/sport/1", False),
        ({"deny": r"/live/"}, "https://www.bbc.co.uk/live/1", False),
        ({"allow": r"/news/", "deny": r"\?"}, "https://www.bbc.co.uk/news/1?share=1", False),
    ],
)
def test_links_are_followed_by_the_rules(rules, link, followed):
    assert LinkRules(**rules).follows(link, PAGE) is followed


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://news.bbc.co.uk/a", "bbc.co.uk"),
        ("https://blog.example.co.kr/", "example.co.kr"),
        ("http://127.0.0.1:8000/", "127.0.0.1"),
        ("http://localhost/", "localhost"),
    ],
)
def test_a_site_is_a_registered_domain(url, site):
    assert site_of(url) == site


def test_every_request_of_the_spider_survives_a_queue_of_json():
    """Queues outside the process keep plain values only (``crawlers.frontier.codec``)."""
    result = Result(
        url="https://e.org/1", title="하나", published_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    search = Search(kind="query", value="기후", language="ko")

    assert Result.from_dict(json.loads(json.dumps(result.to_dict()))) == result
    assert Search(**json.loads(json.dumps(asdict(search)))) == search
