"""Items are visited again when it is their time, and those that are gone are marked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from items import Article, Comment, Post, Video
from items.clock import utc_now
from items.visit import Visit
from storage import open_store
from storage.book import VISITS
from storage.due import due, note_gone, take
from tests.cli import gleanery
from tests.crawl import scrapy_crawl
from tests.data_api_replay import KEY, DataApiReplay
from tests.graph_site import GraphSite
from tests.mitm import MitmProxy
from tests.reddit_replay import CREDENTIALS
from tests.reddit_site import Answer, RedditSite, listing, post

NOW = utc_now()
AGO = NOW - timedelta(days=4)
PLAIN = {"GLEANERY_CLASSIFY_ENABLED": "false"}
LONG = "The kitchen garden gives cucumbers, beans and peppers all summer long. " * 12


def a_post(key: str, score: int = 50, **more) -> Post:
    seen = {"fetched_at": AGO, "published_at": AGO - timedelta(days=2), "depth": 3}
    return Post(platform="reddit", external_id=f"t3_{key}", url=f"https://e.com/{key}",
                score=score, seed="reddit:subreddit=x", **seen | more)  # fmt: skip


def keep(home, *items) -> None:
    home.mkdir(parents=True, exist_ok=True)
    with open_store("sqlite", home / "gleanery.db") as store:
        store.save(items)


def visits(home) -> dict[str, Visit]:
    with open_store("sqlite", home / "gleanery.db") as store:
        return {r["key"]: Visit.from_dict(r) for r in store.book(VISITS).scan()}


def row_of(home, identity: str):
    with open_store("sqlite", home / "gleanery.db") as store:
        return store.find(identity)


@pytest.fixture
def reddit():
    shown = listing(
        post("hot", score=900, num_comments=80),
        post("dead", score=50, num_comments=0),
        post("erased", score=50, selftext="[deleted]", removed_by_category="deleted"),
    )
    with RedditSite({"/api/info": [Answer(200, shown)]}) as site:
        yield site


def revisit(home, site, *more: str):
    places = {"GLEANERY_REDDIT_URL": site.url, "GLEANERY_REDDIT_OAUTH_URL": site.url}
    return gleanery(home, "revisit", *more, "--json", **CREDENTIALS, **places, **PLAIN)


def test_a_hot_item_is_visited_again_sooner_than_a_dead_one_and_lost_ones_are_marked(
    tmp_path, reddit
):
    fresh = replace(a_post("fresh"), fetched_at=NOW)  # not due yet
    talk = Comment(platform="reddit", external_id="t1_c", url="u", fetched_at=AGO, score=3)
    keep(tmp_path, *map(a_post, ("hot", "dead", "lost", "erased")), fresh, talk)

    report = revisit(tmp_path, reddit).json["reddit"]["stats"]
    hot, dead, lost, erased = (visits(tmp_path)[f"reddit:t3_{k}"]
                               for k in ("hot", "dead", "lost", "erased"))  # fmt: skip

    assert [asked.path for asked in reddit.asked][1:] == ["/api/info"]
    assert (report["revisit/taken"], report["item_scraped_count"], report["revisit/gone"]) == (
        4, 3, 1,
    )  # fmt: skip
    assert NOW < hot.at < dead.at
    assert [p.score for p in hot.points] == [50, 900]
    assert [p.score for p in dead.points] == [50, 50]
    assert (lost.at, erased.at) == (None, None)
    marks = {k: row_of(tmp_path, f"reddit:t3_{k}")["deleted_at_source"]
             for k in ("hot", "dead", "lost", "erased")}  # fmt: skip
    assert [k for k, at in marks.items() if at] == ["lost", "erased"]
    row = row_of(tmp_path, "reddit:t3_hot")
    assert (row["score"], row["depth"], row["seed"]) == (900, 3, "reddit:subreddit=x")

    assert revisit(tmp_path, reddit, "--gone").json == ["reddit:t3_erased", "reddit:t3_lost"]
    again = revisit(tmp_path, reddit).json
    assert again == {}  # nothing is due


def test_a_dry_run_shows_what_is_due_and_fetches_nothing(tmp_path, reddit):
    keep(tmp_path, a_post("b"), a_post("a", published_at=AGO - timedelta(hours=1)))

    shown = revisit(tmp_path, reddit, "--dry-run", "--limit", "1").json

    assert [v["key"] for v in shown] == ["reddit:t3_a"]  # due longer
    assert reddit.asked == []
    refused = gleanery(tmp_path, "revisit", "--platform", "redit")
    assert "reddit" in refused.error


def test_pages_are_visited_again_and_those_that_are_gone_marked(tmp_path):
    with GraphSite({1: [2]}, texts={1: f"New. {LONG}", 2: LONG}, troubles={3: 410}) as site:
        pages = {
            n: Article(platform="web", external_id=f"{site.url}/page/{n}", text=LONG, depth=2,
                       url=f"{site.url}/page/{n}", fetched_at=AGO, found_by="feed")
            for n in (1, 3)
        }  # fmt: skip
        keep(tmp_path, *pages.values())
        stats = gleanery(tmp_path, "revisit", "--platform", "web", "--json", **PLAIN).json["web"]
        fetched = site.fetched

    one, three = (row_of(tmp_path, pages[n].identity) for n in (1, 3))
    assert (sorted(fetched), stats["stats"]["revisit/gone"]) == ([1, 3], 1)
    assert "New." in one["text"]
    assert (one["depth"], one["found_by"], one["deleted_at_source"]) == (2, "feed", None)
    assert three["deleted_at_source"]
    assert len(visits(tmp_path)[pages[1].identity].points) == 2


def test_videos_are_visited_again_fifty_in_one_call(tmp_path, fixtures):
    answers = DataApiReplay(fixtures / "youtube" / "data_api_v3")
    answers.cloned = {f"video{n:06}" for n in range(60)}
    old = [Video(platform="youtube", external_id=video, url="u", view_count=1, fetched_at=AGO)
           for video in [*sorted(answers.cloned), "gone0000000"]]  # fmt: skip
    keep(tmp_path, *old)
    with MitmProxy(answers) as proxy:
        result = scrapy_crawl(
            "youtube",
            tmp_path,
            settings={"YOUTUBE_API_URL": f"{proxy.url}/youtube/v3"},
            env={"GLEANERY_YOUTUBE_API_KEY": KEY},
            revisit=100,
        )

    assert [name for name, _ in answers.asked] == ["videos", "videos"]
    assert (result.stats["item_scraped_count"], result.stats["revisit/gone"]) == (60, 1)
    moved = visits(tmp_path)["youtube:video000000"]
    assert len(moved.points) == 2
    assert row_of(tmp_path, "youtube:gone0000000")["deleted_at_source"]


def test_two_that_take_what_is_due_get_different_items_and_failures_wait(tmp_path):
    keep(tmp_path, *(a_post(f"p{n}") for n in range(6)))
    with open_store("sqlite", tmp_path / "gleanery.db") as store:
        first = take(store, NOW, limit=4, platform="reddit")
        second = take(store, NOW, limit=4, platform="reddit")
        tries, now = 1, NOW
        while later := store.book(VISITS).listed(limit=1):  # nobody ever answers
            now = max(now, Visit.from_dict(later[0]).at)
            tries += bool(take(store, now, limit=10, platform="reddit"))

        assert [v.key for v in first + second] == [f"reddit:t3_p{n}" for n in range(6)]
        assert tries <= 6
        assert due(store, now + timedelta(days=999)) == []


def test_what_is_gone_is_marked_once_and_lives_again_when_it_is_seen(tmp_path):
    keep(tmp_path, a_post("a"))
    with open_store("sqlite", tmp_path / "gleanery.db") as store:
        marked = [note_gone(store, ["reddit:t3_a", "reddit:t3_zz"], NOW) for _ in range(2)]
        store.save([replace(a_post("a"), fetched_at=NOW + timedelta(hours=1))])

        assert marked == [["reddit:t3_a"], []]
        assert store.find("reddit:t3_a")["deleted_at_source"] is None
        assert store.book(VISITS).listed() != []
