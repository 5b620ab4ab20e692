"""``gleanery purge --deleted-at-source``: what Reddit no longer shows goes, and only that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from items import Comment, Post
from storage import open_store
from storage.spool.refused import Refused
from tests.cli import gleanery
from tests.purge_home import fill
from tests.reddit_replay import CREDENTIALS
from tests.reddit_site import Answer, RedditSite, comment, listing, post


@pytest.fixture
def home(tmp_path):
    return fill(tmp_path / "home")


def test_what_reddit_no_longer_shows_is_found_a_hundred_at_once_and_goes(tmp_path):
    posts = [
        Post(platform="reddit", external_id=f"t3_p{n}", url="u", author="a") for n in range(150)
    ]
    gone = Comment(platform="reddit", external_id="t1_c", url="u", author="a", root="reddit:t3_p9")
    with open_store("sqlite", tmp_path / "gleanery.db") as store:
        store.save([*posts, gone])
    refused = Refused(tmp_path / "spool" / "sqlite-1" / "refused.jsonl")
    refused.path.parent.mkdir(parents=True)
    odd = [replace(posts[0], external_id=f"t3_{name}") for name in ("r1", "r2", "p2")]
    refused.keep([(item, "too long") for item in odd])
    shown = [post(f"p{n}") for n in range(150) if n not in (3, 120)]
    shown[0] = post("p0", selftext="[removed]", removed_by_category="moderator")
    shown[1] = post("p1", author="[deleted]", selftext="[deleted]")
    shown[2] = post("p2", author="[deleted]", selftext="still here")
    reply = comment("c", "t3_p9", "p9", body="[deleted]", author="[deleted]")
    shown += [reply, post("r1", removed_by_category="author"), post("r2", author="[deleted]")]
    answers = [Answer(200, listing(*part)) for part in (shown[:99], shown[99:])]
    with RedditSite({"/api/info": answers}) as site:
        env = CREDENTIALS | {"GLEANERY_REDDIT_URL": site.url, "GLEANERY_REDDIT_OAUTH_URL": site.url}
        done = gleanery(tmp_path, "purge", "--deleted-at-source", "--yes", "--json", **env)
        asked = len(site.times("/api/info"))

    assert (done.returncode, asked) == (0, 2), done.stderr
    assert done.json["asked"] == {"asked": 153, "gone": 4, "absent": 2, "nameless": 2}
    with open_store("sqlite", tmp_path / "gleanery.db") as store:
        rows = {row["external_id"]: row["author"] for row in store.scan()}
    assert len(rows) == 148
    assert {"t3_p0", "t3_p1", "t1_c"} & set(rows) == set()
    assert (rows["t3_p2"], rows["t3_p3"], rows["t3_p4"]) == (None, "a", "a")
    left = [(row["external_id"], row["author"]) for some in refused.rows() for row in some]
    assert left == [("t3_r2", None), ("t3_p2", None)]


@pytest.mark.parametrize("status", [401, pytest.param(503, marks=pytest.mark.slow)])
def test_nothing_goes_while_reddit_does_not_answer(home, status):
    headers = {"www-authenticate": 'Bearer realm="reddit", error="invalid_token"'}
    with RedditSite({"/api/info": [Answer(status, {"message": "no"}, headers)]}) as site:
        env = CREDENTIALS | {"GLEANERY_REDDIT_URL": site.url, "GLEANERY_REDDIT_OAUTH_URL": site.url}
        done = gleanery(home, "purge", "--deleted-at-source", "--yes", **env)

    assert done.returncode == 1
    assert "Reddit" in done.error
    with open_store("sqlite", home / "gleanery.db") as store:
        assert len([*store.scan()]) == 5
