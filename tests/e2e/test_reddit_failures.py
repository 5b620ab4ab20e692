"""What a crawl of Reddit does with refusals, waits, broken answers and wrong arguments."""

from __future__ import annotations

import pytest

from tests.contracts.store_items import STRINGS
from tests.crawl import scrapy_crawl
from tests.e2e.test_media_images import picture
from tests.media_site import MediaSite
from tests.reddit_replay import CREDENTIALS
from tests.reddit_site import TOKEN_PATH, Answer, RedditSite, comment, listing, post, thread, token


def at(site: RedditSite) -> dict[str, str]:
    return CREDENTIALS | {
        "GLEANERY_REDDIT_URL": site.url,
        "GLEANERY_REDDIT_OAUTH_URL": site.url,
    }


def hot(subreddit: str) -> str:
    return f"/r/{subreddit}/hot"


def complaints(log: str) -> list[str]:
    """Warnings and errors, but Scrapy's own general remark about cut connections."""
    lines = [line for line in log.splitlines() if "] WARNING: " in line or "] ERROR: " in line]
    return [line for line in lines if "Got data loss" not in line]


GOOD = Answer(200, listing(post("good")))
CUT = b'{"kind": "Listing", "data": {"children": [{"kind": "t3", "data": {"id": "ha'
FAILURES = {
    "private": ([Answer(403, {"error": 403, "reason": "private"})], "403 forbidden", "403", 1),
    "quarantined": (
        [Answer(403, {"error": 403, "reason": "quarantined"})],
        "(reason: quarantined)",
        "403",
        1,
    ),
    "missing": ([Answer(404, {"error": 404})], "404 there is no such thing", "404", 1),
    "nowhere": (
        [Answer(302, {}, {"location": "/subreddits/search?q=nowhere"})],
        "302 there is no such subreddit",
        "302",
        1,
    ),
    "down": ([Answer(503, b"<html>try later</html>")], "503 Reddit has trouble", "503", 2),
    "cut": ([Answer(200, CUT)], "cut short or not JSON", "unreadable", 2),
    "html": ([Answer(200, b"<html>blocked</html>")], "HTML", "unreadable", 2),
    "odd": ([Answer(200, {"unexpected": True})], "unknown shape", "unreadable", 2),
    "errors": (
        [Answer(200, {"json": {"errors": [["RATELIMIT", "slow down", "ratelimit"]]}})],
        "Reddit answers with an error",
        "unreadable",
        2,
    ),
    "broken": ([Answer(body=None)], "the connection failed (Response", "network", 2),
}
"""Subreddit: its answers, what the log must say, the statistic, how often it is asked."""
RECOVERING = {
    "busy": [Answer(429, {}, {"retry-after": "2"}), Answer(200, listing(post("waited")))],
    "shaky": [Answer(502, b"bad gateway"), Answer(200, listing(post("retried")))],
    "torn": [Answer(200, CUT), Answer(200, listing(post("whole")))],
}


@pytest.fixture(scope="module")
def troubled(tmp_path_factory):
    """One crawl over subreddits that each fail in their own way, and some that come round."""
    routes = {hot(name): answers for name, (answers, *_) in FAILURES.items()}
    routes |= {hot(name): answers for name, answers in RECOVERING.items()}
    routes[hot("good")] = [GOOD]
    with RedditSite(routes) as site:
        result = scrapy_crawl(
            "reddit",
            tmp_path_factory.mktemp("troubled"),
            env=at(site),
            max_depth=0,
            subreddit=",".join([*FAILURES, *RECOVERING, "good"]),
        )
    return result, site


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_told_in_one_line(troubled, name):
    result, site = troubled
    _, says, _, asked = FAILURES[name]

    lines = [line for line in complaints(result.log) if f"/r/{name}/" in line]

    assert len(lines) == 1
    assert says in lines[0]
    assert len(site.times(hot(name))) == asked


def test_failures_are_counted_and_lose_nothing_else(troubled):
    result, _ = troubled
    codes = [code for _, _, code, _ in FAILURES.values()]

    assert result.returncode == 0
    assert result.report["reason"] == "finished"
    assert result.identities("post") == {
        f"reddit:t3_{k}" for k in ("good", "waited", "retried", "whole")
    }
    assert {k: v for k, v in result.stats.items() if k.startswith("reddit/failed/")} == {
        f"reddit/failed/{code}": codes.count(code) for code in codes
    }
    assert len(complaints(result.log)) == len(FAILURES)
    assert "Traceback" not in result.log


def test_retry_after_is_waited_for_and_no_other_request_goes_out_meanwhile(troubled):
    result, site = troubled
    refused, granted = site.times(hot("busy"))
    meanwhile = [a.path for a in site.asked if refused < a.at < refused + 1.9]

    assert granted - refused >= 1.9
    assert meanwhile == []
    assert result.stats["reddit/rate_limited"] == 1
    assert result.stats["reddit/waited_milliseconds"] >= 1900


@pytest.mark.slow
def test_a_spent_limit_holds_the_next_request_back(tmp_path):
    """x-ratelimit-remaining: 0 means nothing may be asked before the window's reset."""
    spent = {"x-ratelimit-remaining": "0", "x-ratelimit-used": "100", "x-ratelimit-reset": "2"}
    page = Answer(200, listing(post("a"), after="t3_a"), spent)
    with RedditSite({hot("xx"): [page, Answer(200, listing(post("b")))]}) as site:
        result = scrapy_crawl("reddit", tmp_path, env=at(site), subreddit="xx", max_depth=0)

    first, second = site.times(hot("xx"))
    assert second - first >= 1.9
    assert len(result.items) == 2


def test_posts_threads_and_sources_keep_their_levels(tmp_path):
    """Listing at 0, its threads and what a cross-post repeats at 1; over 18 left out, counted.

    A post's picture is fetched along, if wished.
    """
    pictures = MediaSite()
    shown = post("a", is_self=False, url=pictures.put("/a.png", picture("red")))
    repeat = post("repeat", crosspost_parent="t3_source")
    adult = post("adult", over_18=True)
    more = {
        "kind": "more",
        "data": {"id": "c3", "parent_id": "t3_a", "count": 1, "children": ["c3"]},
    }
    things = {"json": {"errors": [], "data": {"things": [comment("c3", "t3_a", "a")]}}}
    reply = listing(comment("c2", "t1_c1", "a", body="[deleted]", author="[deleted]"))
    routes = {
        hot("xx"): [
            Answer(200, listing(shown, adult, after="t3_a")),
            Answer(200, listing(repeat)),
        ],
        "/comments/a": [Answer(200, thread(shown, comment("c1", "t3_a", "a", reply), more))],
        "/comments/repeat": [Answer(200, thread(repeat))],
        "/comments/source": [
            Answer(200, thread(post("source"), comment("s1", "t3_source", "source")))
        ],
        "/api/morechildren": [Answer(200, things)],
    }
    images = {"DOWNLOAD_MEDIA": "images"}
    with pictures, RedditSite(routes) as site:
        result = scrapy_crawl("reddit", tmp_path, env=at(site), subreddit="xx", settings=images)

    assert [(row["external_id"], row["depth"]) for row in result.items] == [
        ("t3_a", 0),
        ("t3_repeat", 0),
        ("t1_c1", 1),
        ("t1_c2", 1),
        ("t3_source", 1),
        ("t1_s1", 1),
        ("t1_c3", 1),
    ]
    rows = {row["external_id"]: row for row in result.items}
    assert [rows[f"t1_c{n}"]["tree_depth"] for n in (1, 2, 3)] == [0, 1, 0]
    assert (rows["t1_c2"]["removed"], rows["t1_c2"]["author"], rows["t1_c2"]["text"]) == (
        "deleted",
        None,
        "",
    )
    (file,) = rows["t3_a"]["media_files"]
    assert (file["role"], file["source"]) == ("image", f"{pictures.url}/a.png")
    assert rows["t3_repeat"]["crosspost_of"] == "reddit:t3_source"
    assert result.stats["reddit/over_18_skipped"] == 1
    assert complaints(result.log) == []


def test_an_expired_token_is_renewed_and_never_written_down(tmp_path):
    routes = {hot("xx"): [Answer(200, listing(post("a"), after="t3_a")), GOOD]}
    with RedditSite(routes, refused=("token-1",)) as site:
        result = scrapy_crawl(
            "reddit",
            tmp_path,
            env=at(site),
            settings={"JOBDIR": tmp_path / "job", "LOG_LEVEL": "DEBUG"},
            subreddit="xx",
            max_depth=0,
        )

    assert result.identities("post") == {"reddit:t3_a", "reddit:t3_good"}
    assert [asked.authorization for asked in site.asked if asked.path == hot("xx")] == [
        "bearer token-1",
        "bearer token-2",
        "bearer token-2",
    ]
    assert result.stats["reddit/tokens"] == 2
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"token-1" not in written
    assert b"a-secret" not in written


@pytest.mark.slow
def test_a_refused_crawl_ends_and_goes_on_once_the_credentials_are_right(tmp_path):
    """The requests that found no valid token are in the queue on disk, without a token."""
    routes = {hot(name): [Answer(200, listing(post(name)))] for name in ("one", "two", "three")}
    arguments = {"subreddit": "one,two,three", "max_depth": 0}
    with RedditSite(routes, refused=("token-1", "token-2")) as site:
        refused = scrapy_crawl("reddit", tmp_path, env=at(site), **arguments)
        queued = b"".join(p.read_bytes() for p in (tmp_path / "frontier").iterdir())
        resumed = scrapy_crawl("reddit", tmp_path, env=at(site), **arguments)

    assert (refused.report["reason"], refused.items) == ("credentials_refused", [])
    assert refused.returncode == 1
    assert len(complaints(refused.log)) == 1
    assert "GLEANERY_REDDIT_CLIENT_SECRET" in complaints(refused.log)[0]
    assert b"/r/three/hot" in queued
    assert b"token-" not in queued
    assert resumed.report["reason"] == "finished"
    assert resumed.identities("post") == {f"reddit:t3_{k}" for k in ("one", "two", "three")}


@pytest.mark.parametrize(
    ("answer", "reason", "says"),
    [
        (Answer(401, {"message": "Unauthorized"}), "credentials_refused", "(401)"),
        (Answer(200, {"error": "unsupported_grant_type"}), "credentials_refused", "unsupported"),
        (Answer(500, b"<html>oops</html>"), "token_unavailable", "answers 500"),
        (Answer(200, b"<html>hello</html>"), "token_unavailable", "no token"),
    ],
    ids=["wrong secret", "wrong kind of app", "Reddit down", "no JSON"],
)
def test_without_a_token_the_crawl_ends_with_one_clear_line(tmp_path, answer, reason, says):
    with RedditSite({TOKEN_PATH: [answer], hot("xx"): [GOOD]}) as site:
        result = scrapy_crawl("reddit", tmp_path, env=at(site), subreddit="xx")

    assert (result.report["reason"], result.items) == (reason, [])
    assert len(complaints(result.log)) == 1
    assert says in complaints(result.log)[0]
    assert "Traceback" not in result.log


def test_whatever_a_post_holds_in_any_field_costs_no_other_post(tmp_path):
    """Statements, half a pair, NUL and broken addresses in each field of Reddit's own answer."""
    texts = [*STRINGS.values(), "half \ud800", "http://[broken"]
    fields = ("title", "selftext", "author", "subreddit", "link_flair_text", "url", "thumbnail",
              "permalink", "domain", "crosspost_parent", "removed_by_category")  # fmt: skip
    odd = [post(f"p{n}", **dict.fromkeys(fields, text)) for n, text in enumerate(texts)]
    odd += [post(f"{field}{n}", **{field: text})
            for field in fields[:8] for n, text in enumerate(texts)]  # fmt: skip
    with RedditSite({hot("xx"): [Answer(200, listing(*odd, post("good")))]}) as site:
        result = scrapy_crawl("reddit", tmp_path, env=at(site), subreddit="xx", max_depth=0)

    addressless = result.stats["validate/dropped"]  # their only address is a broken one
    assert (complaints(result.log), "reddit:t3_good" in result.identities("post")) == ([], True)
    assert (len(result.items) + addressless, addressless) == (len(odd) + 1, 2)
    with result.store() as store:
        assert sum(1 for _ in store.scan()) == len(result.items)
        assert store.find("reddit:t3_title3")["title"] == STRINGS["sql"]


def test_a_token_server_that_comes_back_is_asked_again(tmp_path):
    answers = [Answer(503, b"later"), token("fine")]
    with RedditSite({TOKEN_PATH: answers, hot("xx"): [GOOD]}) as site:
        result = scrapy_crawl("reddit", tmp_path, env=at(site), subreddit="xx", max_depth=0)

    assert result.identities("post") == {"reddit:t3_good"}


def test_missing_credentials_and_wrong_arguments_are_told_before_anything_is_fetched(tmp_path):
    with RedditSite({}) as site:
        keyless = {k: v for k, v in at(site).items() if "SECRET" not in k}
        no_secret = scrapy_crawl("reddit", tmp_path / "a", env=keyless, subreddit="xx")
        no_seed = scrapy_crawl("reddit", tmp_path / "b", env=at(site))
        wrong = scrapy_crawl("reddit", tmp_path / "c", env=at(site), subreddit="xx", sort="best")

    assert site.asked == []
    assert "set GLEANERY_REDDIT_CLIENT_ID and GLEANERY_REDDIT_CLIENT_SECRET" in no_secret.log
    assert "nothing to start from; give one of -a subreddit=…" in no_seed.log
    assert "argument 'sort'" in wrong.log
    assert "'controversial'" in wrong.log
    assert wrong.returncode == 2
