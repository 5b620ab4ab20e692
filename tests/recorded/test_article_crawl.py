"""Breadth-first over real pages under their own host names, from a feed and hub pages of ours."""

from __future__ import annotations

import shutil
import signal
from itertools import islice
from urllib.parse import urlsplit

import pytest

from gleanery.urls import canonical_url
from tests.conftest import wait_until
from tests.crawl import scrapy_crawl, start_crawl
from tests.mitm import MitmProxy
from tests.web import Web, article_html, recorded_articles, rss

FEED = "https://hub.example/feed.xml"
CLOSED = "https://closed.example/page"
HUBS = 6
PAGES = 210
PART = 30
ARGUMENTS = {
    "feed": FEED,
    "max_depth": 3,
    "results": 500,
    "same_site": "false",
    # only what the feed and the hubs link to: real pages link to thousands that nobody recorded
    "allow": r"utm_source=hub|\.example/",
}
SETTINGS = {"LOG_LEVEL": "INFO", "CONCURRENT_REQUESTS": 16}


def hub(number: int) -> str:
    return f"https://hub.example/list/{number}"


def tagged(url: str, how: str = "feed") -> str:
    return f"{url}{'&' if urlsplit(url).query else '?'}utm_source=hub&utm_medium={how}"


class HubWeb(Web):
    """A feed leads to 30 pages and 2 hubs; 6 hubs lead to 30 pages each, and to one another."""

    def __init__(self, pages: dict[str, bytes]) -> None:
        super().__init__()
        for url, body in pages.items():
            self.put(url, body)
        urls = list(pages)
        first, rest = urls[:PART], urls[PART:]
        self.put(FEED, rss(map(tagged, [*first, hub(0), hub(1)])), kind="application/rss+xml")
        self.levels = dict.fromkeys([*first, hub(0), hub(1)], 1)
        for n in range(HUBS):
            part = rest[n * PART : (n + 1) * PART]
            below = [hub(m) for m in (2 * n + 2, 2 * n + 3) if m < HUBS]
            again = [tagged(url, "again") for url in first[:3]]
            traps = [CLOSED, f"https://hub.example/paper{n}.pdf", "mailto:a@b.example"]
            links = [*map(tagged, [*part, *below]), *again, *traps]
            self.put(hub(n), article_html(f"Hub {n}", links=links))
            self.levels |= dict.fromkeys([*part, *below], self.levels[hub(n)] + 1)
        self.put(CLOSED, article_html("Closed"))
        self.robots["closed.example"] = "User-agent: *\nDisallow: /\n"

    @property
    def pages_asked(self) -> list[str]:
        """Addresses of pages in the order they were asked for, without the feed."""
        return [url for url in self.asked if url != FEED]


@pytest.fixture(scope="module")
def pages(fixtures):
    return dict(islice(recorded_articles(fixtures).items(), PAGES))


@pytest.mark.slow
def test_210_real_pages_come_breadth_first_each_once_under_robots_txt(tmp_path, pages):
    web = HubWeb(pages)
    with MitmProxy(web) as proxy:
        result = scrapy_crawl(
            "google", tmp_path, settings=SETTINGS | {"WEB_PROXY": proxy.url}, **ARGUMENTS
        )

    assert (result.returncode, proxy.errors) == (0, []), result.log
    assert [web.levels[url] for url in web.pages_asked] == sorted(web.levels.values())
    assert set(web.pages_asked) == {*pages, *map(hub, range(HUBS))}
    assert set(web.times.values()) == {1}
    depths = [row["depth"] for row in result.items]
    assert depths == sorted(depths)
    assert {canonical_url(row["url"]): row["depth"] for row in result.items}.items() <= (
        web.levels.items()
    )
    assert {row["parent"] for row in result.items if row["depth"] > 1} == {
        f"web:{hub(n)}" for n in range(HUBS)
    }
    assert len(result.items) + result.stats.get("google/no_text", 0) == len(web.pages_asked)
    assert len(result.items) > 200
    assert result.stats["robotstxt/forbidden"] == 1


@pytest.mark.slow
def test_a_crawl_stopped_halfway_goes_on_and_fetches_nothing_twice(tmp_path, pages):
    web = HubWeb(pages)
    with MitmProxy(web) as proxy:
        settings = SETTINGS | {"WEB_PROXY": proxy.url, "JOBDIR": str(tmp_path / "queue")}
        with start_crawl("google", tmp_path, settings=settings, **ARGUMENTS) as process:
            wait_until(lambda: len(web.asked) > 100 or process.poll() is not None, seconds=120)
            process.send_signal(signal.SIGTERM)
            process.wait(180)
        stopped_at = len(web.asked)
        again = scrapy_crawl("google", tmp_path, settings=settings, **ARGUMENTS)
        with again.store() as store:
            stored = {canonical_url(row["url"]): row["depth"] for row in store.scan()}

    assert 100 < stopped_at < PAGES
    assert set(web.times.values()) == {1}
    assert set(web.pages_asked) == {*pages, *map(hub, range(HUBS))}
    assert stored.items() <= web.levels.items()
    assert len(stored) > 200


FOOTBALL = (
    "The home side won the football match by three goals to one. The striker scored twice before"
    " half-time, the goalkeeper saved a penalty, and the coach praised the players after the game."
    " They lead the league table with two matches of the season left to play. "
)
RECIPE = (
    "Chop the onions and fry them in butter, add flour, milk and grated cheese, and bake the gratin"
    " in the oven for forty minutes. Serve the dish with a green salad and fresh bread. The recipe"
    " needs six potatoes, two cloves of garlic and a pinch of nutmeg. "
)


@pytest.mark.slow
def test_a_branch_without_anything_wanted_is_left_and_the_others_go_on(tmp_path, e5_cache):
    """Below the recipe nothing is fetched, though that page is about football as well."""
    shutil.copytree(e5_cache, tmp_path / "cache")
    web, site = Web(), "https://site.example"
    web.put(FEED, rss([f"{site}/football", f"{site}/recipe"]), kind="application/rss+xml")
    web.put(
        f"{site}/football",
        article_html("Home side wins the match", text=FOOTBALL, links=[f"{site}/next"]),
    )
    web.put(
        f"{site}/recipe",
        article_html("Potato gratin recipe", text=RECIPE, links=[f"{site}/hidden"]),
    )
    web.put(f"{site}/next", article_html("Striker signs a new contract", text=FOOTBALL))
    web.put(f"{site}/hidden", article_html("League results of the week", text=FOOTBALL))
    with MitmProxy(web) as proxy:
        result = scrapy_crawl(
            "google",
            tmp_path,
            settings={
                "WEB_PROXY": proxy.url, "CLASSIFY_ENABLED": True, "FOCUS_PATIENCE": 1,
                "MODEL_TIMEOUT_SECONDS": 200,  # e5's first answer takes long on a busy machine
            },
            feed=FEED,
            category="sports_leisure",
        )  # fmt: skip

    wanted = {row["url"]: row["wanted"] for row in result.items}
    assert wanted == {f"{site}/football": True, f"{site}/recipe": False, f"{site}/next": True}
    assert f"{site}/hidden" not in web.asked
    assert result.stats["focus/pruned"] == 1
