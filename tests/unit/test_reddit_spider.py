"""From arguments and seeds to the first requests of a crawl."""

from __future__ import annotations

import pytest
import yaml
from scrapy.utils.test import get_crawler

from gleanery.errors import ConfigError
from spiders.reddit import RedditSpider

SETTINGS = {
    "REDDIT_CLIENT_ID": "an-id",
    "REDDIT_CLIENT_SECRET": "a-secret",
    "REDDIT_URL": "https://www.reddit.com",
    "REDDIT_OAUTH_URL": "https://oauth.reddit.com",
    "USER_AGENT": "gleanery tests",
}


def spider(home, settings=None, **arguments):
    crawler = get_crawler(RedditSpider, SETTINGS | {"HOME": str(home)} | (settings or {}))
    return RedditSpider.from_crawler(crawler, **arguments)


async def addresses(found: RedditSpider) -> list[str]:
    requests = [request async for request in found.start()]
    return [request.url.removeprefix("https://oauth.reddit.com") for request in requests]


async def test_several_starting_points_are_parted_by_commas(tmp_path):
    found = spider(tmp_path, subreddit="news, korea", user="spez", sort="top", time="day")

    assert await addresses(found) == [
        "/r/news/top?t=day&limit=100&raw_json=1",
        "/r/korea/top?t=day&limit=100&raw_json=1",
        "/user/spez/overview?sort=top&t=day&limit=100&raw_json=1",
    ]


async def test_a_search_keeps_to_the_subreddits_given_with_it(tmp_path):
    found = spider(tmp_path, search="rain", subreddit="news,korea", sort="relevance")

    assert [url.split("/search/")[0] for url in await addresses(found)] == ["/r/news", "/r/korea"]


async def test_a_listed_seed_has_options_of_its_own(tmp_path):
    """A subreddit beside a listed search is a seed; the search keeps to its own options."""
    file = tmp_path / "seeds.yaml"
    options = {"subreddit": "korea", "sort": "relevance", "over_18": True}
    rows = [
        {"platform": "reddit", "kind": "search", "value": "rain", "options": options},
        {"platform": "reddit", "kind": "search", "value": "snow"},
    ]
    file.write_text(yaml.safe_dump(rows), "utf-8")

    found = spider(tmp_path, seeds=str(file), subreddit="news")

    assert await addresses(found) == [
        "/r/news/hot?limit=100&raw_json=1",
        "/r/korea/search/?restrict_sr=on&q=rain&sort=relevance&t=all&include_over_18=on"
        "&limit=100&raw_json=1",
        "/search/?q=snow&sort=relevance&t=all&limit=100&raw_json=1",
    ]


async def test_a_share_link_is_asked_at_the_web_site(tmp_path):
    found = spider(tmp_path, post="https://www.reddit.com/r/redditdev/s/WNauetbiNG")

    assert await addresses(found) == ["https://www.reddit.com/r/redditdev/s/WNauetbiNG?raw_json=1"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"subreddit": "no spaces"}, "'no spaces' is no subreddit; give a name such as news"),
        ({"subredit": "news"}, "Did you mean 'subreddit'?"),
        ({"subreddit": "news", "sort": "best"}, "argument 'sort': Input should be 'hot', 'new'"),
        ({"subreddit": "news", "time": "decade"}, "argument 'time'"),
        ({"subreddit": "news", "over_18": "perhaps"}, "argument 'over_18'"),
        ({"subreddit": "news", "max_depth": "-1"}, "argument 'max_depth'"),
        ({"subreddit": "news", "category": "new_media"}, "did you mean 'news_media'?"),
        ({"subreddit": "news", "sort": "relevance"}, "a listing of posts has no sort=relevance"),
        ({"user": "spez", "sort": "rising"}, "seed reddit:user=spez: a user's page has no sort"),
        ({"post": "https://example.com/r/news/"}, "no post in 'https://example.com/r/news/'"),
        ({}, "nothing to start from; give one of -a subreddit=…"),
        ({"front": "false"}, "nothing to start from"),
        ({"profile": "nobody"}, "No profile 'nobody'"),
    ],
    ids=lambda value: "" if isinstance(value, str) else "-".join(value) or "nothing",
)
def test_a_wrong_argument_is_told_before_anything_is_fetched(tmp_path, arguments, says):
    with pytest.raises(ConfigError) as caught:
        spider(tmp_path, **arguments)

    assert says in str(caught.value)


@pytest.mark.parametrize("missing", ["REDDIT_CLIENT_ID", "REDDIT_CLIENT_SECRET"])
def test_a_missing_credential_is_named(tmp_path, missing):
    with pytest.raises(ConfigError, match=f"set .*GLEANERY_{missing}"):
        spider(tmp_path, {missing: ""}, subreddit="news")
