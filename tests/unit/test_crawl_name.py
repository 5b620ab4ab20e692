"""What a crawl is called that nobody named."""

from __future__ import annotations

import pytest
import scrapy
from scrapy.utils.test import get_crawler

from crawlers.frontier.crawl_name import crawl_name, is_made_up
from gleanery.close_reasons import did_its_work
from gleanery.config import Config
from spiders.reddit import RedditSpider

SEEDS = "- {platform: reddit, kind: subreddit, value: news}\n"
SECRETS = {"REDDIT_CLIENT_ID": "id", "REDDIT_CLIENT_SECRET": "secret"}


@pytest.fixture
def name(tmp_path):
    """The name of a crawl of Reddit with these arguments."""

    def call(settings=None, **arguments):
        given = Config(home=tmp_path).scrapy_settings() | SECRETS | (settings or {})
        crawler = get_crawler(RedditSpider, given)
        return crawl_name(RedditSpider.from_crawler(crawler, **arguments), crawler.settings)

    return call


def test_one_job_has_one_name_however_it_is_written(name, tmp_path):
    (tmp_path / "a.yaml").write_text(SEEDS)
    (tmp_path / "b.yaml").write_text(f"# the same\nseeds:\n  {SEEDS}")
    base = name(subreddit="news,ai", sort="top", max_depth="1")

    assert base == name(max_depth="1", sort="top", subreddit="ai,news")
    assert base == name(subreddit="news,ai", sort="top", max_depth="1", max_items="5", _job="x")
    assert name(subreddit="news") == name(subreddit="news", max_depth="2")
    assert name(seeds=tmp_path / "a.yaml") == name(seeds=tmp_path / "b.yaml")
    assert base.startswith("reddit-")
    assert is_made_up(base)


def test_two_jobs_have_two_names(name, tmp_path):
    (tmp_path / "seeds.yaml").write_text(SEEDS)
    before = name(seeds=tmp_path / "seeds.yaml")
    (tmp_path / "seeds.yaml").write_text(SEEDS.replace("news", "ai"))
    names = [
        before,
        name(seeds=tmp_path / "seeds.yaml"),
        name(subreddit="ai", max_depth="1"),
        name(subreddit="ai", sort="top"),
        name(user="ai"),
        name(subreddit="ai", category="food"),
    ]

    assert len(set(names)) == len(names)


def test_a_name_that_is_given_is_taken_as_it_is(name):
    assert name({"FRONTIER_CRAWL": "nightly news"}, subreddit="news") == "nightly news"
    assert not is_made_up("nightly news")


def test_a_plain_spider_is_told_apart_by_its_texts():
    class Plain(scrapy.Spider):
        name = "plain"

    def name(**arguments):
        crawler = get_crawler(Plain, {"FRONTIER_CRAWL": ""})
        return crawl_name(Plain.from_crawler(crawler, **arguments), crawler.settings)

    assert name(a="1", b="2") == name(b="2", a="1", _job="7")
    assert len({name(), name(a="1"), name(a="2")}) == 3


@pytest.mark.parametrize(
    ("reason", "did"),
    [
        ("finished", True),
        ("max_items", True),
        ("max_seconds", True),
        ("closespider_timeout", True),
        ("closespider_errorcount", False),
        ("shutdown", False),
        ("credentials_refused", False),
        ("start_error", False),
    ],
)
def test_a_crawl_has_done_its_work_at_its_end_or_at_a_limit(reason, did):
    assert did_its_work(reason) is did
