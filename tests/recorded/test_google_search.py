"""Custom Search answers and publishers' feeds as recorded, through ``scrapy crawl google``."""

from __future__ import annotations

import json
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from gleanery.urls import canonical_url
from platforms.google.feed_reader import read_feed
from tests.crawl import scrapy_crawl
from tests.mitm import MitmProxy
from tests.replay import body_of, load_exchanges
from tests.web import Web, article_html

CSE_HOST = "customsearch.googleapis.com"
KEY = "not-a-real-key-8731"


class CustomSearch(Web):
    """Answers the API from recordings by query and start; every page it points to exists."""

    def __init__(self, *recordings) -> None:
        super().__init__()
        self.answers, self.starts, self.keys = {}, [], set()
        for exchange in (e for path in recordings for e in load_exchanges(path)):
            response = exchange["response"]
            self.answers[_asked(exchange["request"]["url"])] = response
            for row in json.loads(body_of(response)).get("items", []):
                self.put(row["link"], article_html(row["title"]))

    def __call__(self, method, url, headers, body):
        if urlsplit(url).hostname != CSE_HOST:
            return super().__call__(method, url, headers, body)
        self.starts.append(_asked(url))
        self.keys.add(headers.get("x-goog-api-key"))
        found = self.answers[_asked(url)]
        return found["status"], found["headers"], body_of(found)


def _asked(url):
    query = parse_qs(urlsplit(url).query)
    return query["q"][0], int(query.get("start", ["1"])[0])


@pytest.fixture
def recordings(fixtures):
    return fixtures / "google/custom_search_json"


def crawl(home, web, **arguments):
    with MitmProxy(web) as proxy:
        settings = {"WEB_PROXY": proxy.url, "CSE_CX": "REDACTED_CX"}
        env = {"GLEANERY_CSE_KEY": KEY}
        result = scrapy_crawl("google", home, settings=settings, env=env, **arguments)
    assert proxy.errors == []
    assert KEY not in result.log
    assert "Traceback" not in result.log
    return result


def test_custom_search_is_read_page_by_page_to_its_last(tmp_path, recordings):
    """Ten pages of ten; the API would refuse the eleventh, so it is not asked for."""
    web = CustomSearch(recordings / "poker_search-10-pages.json")

    result = crawl(tmp_path, web, query="poker", provider="cse", results=500, max_depth=1)

    assert web.starts == [("poker", n) for n in range(1, 101, 10)]
    assert web.keys == {KEY}
    assert {row["external_id"] for row in result.items} == set(web.pages)
    assert set(web.times.values()) == {1}
    assert {(row["found_by"], row["depth"]) for row in result.items} == {("cse", 1)}
    assert result.stats["google/results"] == 100


def test_every_other_custom_search_recording_does_what_it_says(tmp_path, recordings):
    """Two pages, two empty answers, one refused request; in one crawl, from a file of seeds."""
    web = CustomSearch(
        recordings / "poker_search.json",
        recordings / "poker_search-page-start-11.json",
        recordings / "search-no-results.json",
    )
    refused = load_exchanges(recordings / "search-error-invalid.json")[0]["response"]
    web.answers["invalid", 1] = refused
    queries = ["poker", "asdfowefwoejfowsaa", "asdfqwefaefwezzu", "invalid"]
    seeds = tmp_path / "seeds.yaml"
    rows = [{"platform": "google", "kind": "query", "value": q} for q in queries]
    seeds.write_text(yaml.safe_dump(rows))

    result = crawl(tmp_path, web, seeds=seeds, provider="cse", results=20, max_depth=1)

    assert sorted(web.starts) == sorted([("poker", 11), *((q, 1) for q in queries)])
    assert {row["external_id"] for row in result.items} == set(web.pages)
    assert result.stats["google/no_results"] == 2
    assert result.stats["google/listing_failed/400"] == 1
    assert "Custom Search refuses the request (HTTP 400): Invalid Value" in result.log


def test_a_project_shut_out_of_custom_search_is_told_what_to_use_instead(tmp_path, recordings):
    web = CustomSearch(recordings / "error_403_closed_to_new_customers.json")

    result = crawl(tmp_path, web, query="x", provider="cse")

    assert result.report["reason"] == "credentials_refused"
    assert "closed it to new customers" in result.log
    assert "신규 고객" in result.log
    assert result.items == []


def test_publishers_feeds_lead_to_their_pages(tmp_path, fixtures):
    """RSS in Russian and Atom of a forum, through a file of seeds; the pages state no title."""
    feeds = {
        "https://news.tut.by/rss/index.rss": "tut_news.xml",
        "https://www.reddit.com/r/worldnews/.rss": "reddit_news.xml",
    }
    web, entries = Web(), {}
    for address, name in feeds.items():
        body = (fixtures / "google/other_rss" / name).read_bytes()
        web.put(address, body, kind="application/xml; charset=utf-8")
        for entry in read_feed(body, address).results:
            entries[canonical_url(entry.url)] = entry
            text = article_html("").replace("<title></title>", "").replace("<h1></h1>", "")
            web.put(entry.url, text + f"<!-- {len(entries)} -->")
    seeds = tmp_path / "seeds.yaml"
    rows = [{"platform": "google", "kind": "feed", "value": address} for address in feeds]
    seeds.write_text(yaml.safe_dump({"seeds": rows}))

    result = crawl(tmp_path, web, seeds=seeds, max_depth=1)

    found = {
        row["external_id"]: (row["title"], datetime.fromisoformat(row["published_at"]))
        for row in result.items
    }
    assert len(entries) == 125
    assert found == {url: (entry.title, entry.published_at) for url, entry in entries.items()}
    assert {row["found_by"] for row in result.items} == {"feed"}
    assert {row["seed"] for row in result.items} == {f"google:feed={a}" for a in feeds}
