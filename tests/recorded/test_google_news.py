"""Google News RSS as recorded, through ``scrapy crawl google`` and a replay proxy."""

from __future__ import annotations

import json
import re
from datetime import datetime
from urllib.parse import parse_qs

import pytest

from platforms.google.feed_reader import read_feed
from platforms.google.news_links import decode_offline, token_of
from tests.crawl import scrapy_crawl
from tests.mitm import MitmProxy
from tests.web import Web, article_html

NEWS = "https://news.google.com"
TERMS = {"GOOGLE_NEWS_ACCEPT_TERMS": True}


class News(Web):
    """Answers like news.google.com: a feed, article pages with a signature, ``batchexecute``."""

    def __init__(self, feed: bytes) -> None:
        super().__init__()
        self.feed = feed
        self.feeds: list[str] = []
        self.decoded: list[str] = []
        self.block_after = 1000

    def __call__(self, method, url, headers, body):
        if url.startswith((f"{NEWS}/rss?", f"{NEWS}/rss/search?")):
            self.feeds.append(url)
            return 200, {"content-type": "application/xml; charset=utf-8"}, self.feed
        if url.startswith(f"{NEWS}/articles/"):
            number = len(self.decoded)
            page = (
                f'<c-wiz><div data-n-a-sg="sign-{number}" data-n-a-ts="1754410000"></div></c-wiz>'
            )
            return 200, {"content-type": "text/html"}, page.encode()
        if url == f"{NEWS}/_/DotsSplashUi/data/batchexecute":
            return self.decode(body)
        return super().__call__(method, url, headers, body)

    def decode(self, body):
        name, call, _, _ = json.loads(parse_qs(body.decode())["f.req"][0])[0][0]
        verb, _, token, time, signature = json.loads(call)
        assert (name, verb, time) == ("Fbv4je", "garturlreq", 1754410000)
        assert signature.startswith("sign-")
        if len(self.decoded) >= self.block_after:
            return 429, {"content-type": "text/html"}, b"blocked"
        self.decoded.append(token)
        address = f"https://publisher.example/story/{len(self.decoded)}"
        self.put(address, article_html(f"Story {len(self.decoded)}"))
        row = [
            "wrb.fr",
            "Fbv4je",
            json.dumps(["garturlres", address, 1]),
            None,
            None,
            None,
            "generic",
        ]
        answer = ")]}'\n\n" + json.dumps([row, ["di", 10], ["af.httprm", 10, "1", 2]])
        return 200, {"content-type": "application/json; charset=utf-8"}, answer.encode()


@pytest.fixture
def old_feed(fixtures):
    return (fixtures / "google/news_rss/top_stories_en-US_2019-11_old_style_links.xml").read_bytes()


@pytest.fixture
def new_feed(fixtures):
    return (fixtures / "google/news_rss/search_brent_en-GB_2026-08.xml").read_bytes()


def test_old_links_are_decoded_without_asking_google(tmp_path, old_feed):
    """All 38 entries carry the publisher's address; their pages are fetched from the publishers."""
    tokens = re.findall(rb"<link>https://news.google.com/__i/rss/rd/articles/([\w-]+)", old_feed)
    addresses = [decode_offline(token.decode()) for token in tokens]
    news = News(old_feed)
    for n, address in enumerate(addresses):
        news.put(address, article_html(f"Page {n}"))
    with MitmProxy(news) as proxy:
        result = scrapy_crawl(
            "google", tmp_path, settings=TERMS | {"WEB_PROXY": proxy.url}, top="true", max_depth=1
        )

    assert result.returncode == 0, result.log
    assert news.feeds == [f"{NEWS}/rss?hl=en-US&gl=US&ceid=US:en"]
    assert len(addresses) == 38
    assert {row["url"] for row in result.items} == set(news.asked) == set(news.pages)
    assert {row["depth"] for row in result.items} == {1}
    assert {row["found_by"] for row in result.items} == {"google_news"}
    assert all(row["published_at"].startswith("2019-11-1") for row in result.items)
    assert result.stats["google/results"] == 38


def test_todays_links_are_decoded_over_the_network_within_the_budget(tmp_path, new_feed):
    """Four of six by two requests each; the other two are counted and left out."""
    news = News(new_feed)
    with MitmProxy(news) as proxy:
        result = scrapy_crawl(
            "google",
            tmp_path,
            settings=TERMS | {"WEB_PROXY": proxy.url, "GOOGLE_NEWS_DECODE_BUDGET": 4},
            query="Brent crude oil price",
            language="en-GB",
            max_depth=1,
        )

    entries = read_feed(new_feed, NEWS).results
    assert news.feeds == [f"{NEWS}/rss/search?q=Brent+crude+oil+price&hl=en-GB&gl=GB&ceid=GB:en"]
    assert proxy.errors == []
    assert sorted(news.decoded) == sorted(token_of(e.url) for e in entries[:4])
    assert [row["depth"] for row in result.items] == [1] * 4
    assert {datetime.fromisoformat(row["published_at"]) for row in result.items} == {
        entry.published_at for entry in entries[:4]
    }
    assert result.stats["google/decoded"] == 4
    assert result.stats["google/not_decoded"] == 2
    assert result.log.count("Google News links are left out") == 1


def test_google_blocking_us_ends_the_decoding_not_the_crawl(tmp_path, new_feed):
    news = News(new_feed)
    news.block_after = 1
    with MitmProxy(news) as proxy:
        result = scrapy_crawl(
            "google",
            tmp_path,
            settings=TERMS
            | {"WEB_PROXY": proxy.url, "RETRY_TIMES": 0, "CONCURRENT_REQUESTS_PER_DOMAIN": 1},
            query="Brent",
            max_depth=1,
        )

    assert result.report["reason"] == "finished"
    assert len(result.items) == 1
    assert result.stats["google/decode_failed"] >= 1
    assert result.log.count("blocks the decoding") == 1
    assert "Traceback" not in result.log


def test_without_the_operators_consent_nothing_is_asked(tmp_path, new_feed):
    news = News(new_feed)
    with MitmProxy(news) as proxy:
        result = scrapy_crawl(
            "google", tmp_path, settings={"WEB_PROXY": proxy.url}, query="AI", language="ko"
        )

    assert result.returncode != 0
    assert "GLEANERY_GOOGLE_NEWS_ACCEPT_TERMS=true" in result.log
    assert "개인용 피드 리더" in result.log
    assert proxy.requests == []
