"""``gleanery purge``: everything of an item goes everywhere, nothing else, and it is proven."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from items import Comment, Post
from media.store import open_media
from model_server.likeness.profiles import load_labelled, load_profile
from quality import NearIndex
from storage import open_store
from storage.book import SEEDS, TOMBSTONES, TOPICS
from storage.branch import OTHERS as OTHER_SEEDS
from storage.jobs import open_jobs
from storage.jobs.history import JobHistory
from storage.seeds_begun import seeds_begun
from storage.spool import Spool
from storage.spool.replay import drain
from storage.tombstones import ITEM, author_mark, bury, mark_of
from storage.work import open_queue
from tests.cli import COMMAND, ROOT, environment, gleanery
from tests.crawl import scrapy_crawl
from tests.graph_site import GraphSite
from tests.purge_home import (
    KIMS,
    OTHERS,
    OWN,
    SECRET,
    SHARED,
    VECTORS,
    bytes_of,
    fill,
    in_export,
    key,
    set_aside,
)


@pytest.fixture
def home(tmp_path):
    return fill(tmp_path / "home")


def test_all_of_an_author_is_gone_from_every_place_and_others_keep_theirs(home):
    refused, before = set_aside(home), bytes_of(home)
    done = gleanery(home, "purge", "--author", "reddit:kim", "--yes", "--json")

    report = done.json
    assert (done.returncode, report["proven"], report["items"]) == (0, True, 6)
    assert (report["found"]["spool/refused"], refused.count()) == (3, 1)
    assert [item.identity for item in refused.first(9)] == ["reddit:t3_odd"]
    assert not any(report["left"].values())
    nothing = {place for place, number in report["found"].items() if not number}
    assert nothing == {"store/raw", "store/terms", "exports"}
    media = open_media(home / "media")
    assert [media.exists(key(d)) for d in (OWN, VECTORS, SHARED)] == [False, False, True]
    with open_store("sqlite", home / "gleanery.db") as store:
        assert [row["identity"] for row in store.scan()] == OTHERS
        assert store.search("wedding") == []
        assert (store.transcripts(KIMS[0]), [*store.vectors()]) == ([], [])
        assert [proposal.evidence for proposal in store.proposals()] == [OTHERS[:1]]
        assert [record["key"] for record in store.book(TOPICS).scan()] == ["tea"]
        left = ["reddit:subreddit=tea", "reddit:user=kimberley"]
        assert sorted(record["key"] for record in store.book(SEEDS).scan()) == left
        assert sorted(seed["label"] for seed in seeds_begun(store)) == left
    with closing(open_jobs({"STORE": "sqlite"}.get, home)) as jobs:
        ended, waits = jobs.find("ended"), jobs.find("waits")
        assert (ended.arguments, waits.arguments) == ({"subreddit": "tea"}, {"user": "kim"})
        assert [b.seed for b in JobHistory(jobs).branches("ended")] == [OTHER_SEEDS, left[0]]
    with open_queue("", home) as queue:
        assert (queue.counts().queued, queue.known(KIMS)) == (2, [])
    with NearIndex(home / "near.db") as index:
        assert (index.traces(KIMS), index.twin("reddit:t3_lee"), len(index)) == (0, None, 1)
    assert SECRET.encode() in before
    assert b"reddit.com/user/Kim" not in bytes_of(home)
    assert SECRET.encode() not in bytes_of(home)  # nor in pages of files that are free
    assert report["profiles_changed"] == ["forum@1"]


def test_examples_lose_their_rows_and_vectors_and_the_profile_still_loads(home):
    gleanery(home, "purge", "reddit:t3_kim", "--yes")

    assert [row["text"] for row in load_labelled("forum", home / "profiles")] == ["bread"]
    head = load_profile("forum", home / "profiles").head
    assert np.array_equal(head.vectors, np.diag([0, 1, 0]) @ np.eye(3, 4))
    assert head.weights.sum(axis=1).tolist() == [0, 2, 0]


@pytest.mark.slow
@pytest.mark.parametrize(
    "format_",
    ["jsonl", *(pytest.param(f, marks=pytest.mark.slow) for f in ("parquet", "webdataset"))],
)
def test_an_export_made_earlier_is_told_with_shard_and_line_and_marked(home, tmp_path, format_):
    if format_ == "parquet":
        pytest.importorskip("pyarrow", reason="needs pyarrow")
    out = tmp_path / "set"
    plan = ("--out", str(out), "--split", "1/0/0", "--format", format_)
    assert gleanery(home, "export", *plan).returncode == 0

    first = gleanery(home, "purge", "reddit:t3_kim", "--yes", "--json")
    told = gleanery(home, "purge", "reddit:t3_kim", "--yes")
    manifest = json.loads((out / "manifest.json").read_text())
    card = (out / "README.md").read_text()
    shutil.rmtree(out)
    again = gleanery(home, "purge", "reddit:t3_kim", "--yes", "--json")

    left = {place: number for place, number in first.json["left"].items() if number}
    assert (first.returncode, left) == (1, {"exports": 3})
    places = [(hit["line"], hit["identity"]) for hit in first.json["in_exports"]]
    assert places == [(1, KIMS[0]), (2, KIMS[1]), (3, KIMS[2])]
    assert "train-00000." in told.stdout
    assert manifest["stale"]["purged_items"] == 3  # the comments are known by their tombstones
    assert card.count("Stale / 오래됨") == 1
    assert card.index("Stale") < card.index("\n# ")
    assert (again.returncode, again.json["proven"]) == (0, True)
    assert in_export(out) == []


def test_a_dry_run_and_a_no_change_nothing_and_a_yes_takes_a_platform(home):
    before = bytes_of(home / "media") + bytes_of(home / "profiles")

    shown = gleanery(home, "purge", "--platform", "reddit", "--dry-run", "--json")
    nobody = gleanery(home, "purge", "--platform", "reddit")

    assert (shown.returncode, shown.json["items"]) == (0, 4)
    assert shown.json["found"]["store/items"] == 4
    assert nobody.returncode == 2
    assert "--yes" in nobody.error
    assert bytes_of(home / "media") + bytes_of(home / "profiles") == before
    with open_store("sqlite", home / "gleanery.db") as store:
        assert len([*store.scan()]) == 5
        assert [*store.book(TOMBSTONES).scan()] == []

    done = gleanery(home, "purge", "--platform", "reddit", "--yes", "--json")
    assert (done.returncode, done.json["items"], done.json["proven"]) == (0, 4, True)
    with open_store("sqlite", home / "gleanery.db") as store:
        assert [row["identity"] for row in store.scan()] == ["youtube:v"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [((), "Name items"), (("t3_a",), "no identity"), (("--author", "kim"), "PLATFORM:NAME"),
     (("--deleted-at-source",), "GLEANERY_REDDIT_CLIENT_ID")],
)  # fmt: skip
def test_what_is_missing_is_said_before_anything_starts(home, arguments, says):
    done = gleanery(home, "purge", *arguments, "--yes")

    assert done.returncode == 2
    assert says in done.error


def test_nothing_is_purged_while_items_wait_for_their_store(home):
    (home / "spool" / "sqlite-1").mkdir(parents=True)
    (home / "spool" / "sqlite-1" / f"{1:010}-{'0' * 16}.seg").write_bytes(b"x")

    done = gleanery(home, "purge", "reddit:t3_kim", "--yes")

    assert done.returncode == 1
    assert "sqlite-1" in done.error


def test_the_table_is_korean_and_english(home):
    done = gleanery(home, "purge", "reddit:t3_kim", "--yes")

    assert "media files / 미디어 파일" in done.stdout
    assert "nothing is left (다시 확인: 남은 것이 없습니다)" in done.stdout
    assert "gleanery feedback retrain" in done.stdout


# --- what was purged stays away


@pytest.mark.slow
def test_a_later_crawl_does_not_bring_it_back_until_it_is_allowed(tmp_path):
    settings = {"SPIDER_MODULES": "tests.spiders"}
    with open_store("sqlite", tmp_path / "gleanery.db") as store:
        bury(store.book(TOMBSTONES), [mark_of("graph:1")], ITEM)
    with GraphSite({0: [1, 2]}) as site:
        start = f"{site.url}/page/0"
        first = scrapy_crawl("graph", tmp_path, settings=settings, page=start)
        kept = {row["external_id"] for row in first.items}
        allowed = gleanery(tmp_path, "purge", "graph:1", "--forget-tombstones", "--json")
        second = scrapy_crawl("graph", tmp_path, settings=settings, page=start)

    assert (kept, first.stats["purge/dropped"]) == ({"0", "2"}, 1)
    assert allowed.json == {"tombstones_removed": 1}
    assert {row["external_id"] for row in second.items} == {"0", "1", "2"}


def test_an_author_of_whom_nothing_is_stored_is_kept_away_too(home):
    done = gleanery(home, "purge", "--author", "reddit:nobody", "--yes", "--json")

    assert (done.returncode, done.json["items"], done.json["tombstones"]) == (0, 0, 1)
    with open_store("sqlite", home / "gleanery.db") as store:
        assert store.book(TOMBSTONES).get([author_mark("reddit", "nobody")])
        post = Post(platform="reddit", external_id="t3_n", url="u", author="nobody")
        store.save([post])
        spool = Spool(home / "spool" / "late", max_bytes=2**20)
        spool.append([post, replace(post, external_id="t3_s", author="somebody")])
        assert drain(spool, store, lambda _saved: None).is_over
        assert [row["identity"] for row in store.rows(["reddit:t3_n", "reddit:t3_s"])] == [
            "reddit:t3_s"
        ]


# --- kill -9


@pytest.mark.slow
def test_killed_again_and_again_it_is_finished_by_the_next_purge(tmp_path):
    media = open_media(tmp_path / "media")
    with open_store("sqlite", tmp_path / "gleanery.db") as store, open_queue("", tmp_path) as queue:
        for start in range(0, 4000, 500):
            numbers = range(start, start + 500)
            store.save([
                Post(platform="reddit", external_id=f"t3_{n}", url="u", author="kim",
                     text=f"tea {n}") for n in numbers
            ])  # fmt: skip
            store.save([
                Comment(platform="reddit", external_id=f"t1_{n}", url="u", author="lee",
                        root=f"reddit:t3_{n}", text=f"cake {n}") for n in numbers
            ])  # fmt: skip
        queue.put("reddit:t3_7", ["download"])
    media.put_bytes(b"kept")
    command = [*COMMAND, "purge", "--author", "reddit:kim", "--yes", "--json"]

    kills = 0
    for number in range(10):
        with subprocess.Popen(
            command, cwd=ROOT, env=environment(tmp_path), stdout=subprocess.DEVNULL
        ) as process:
            time.sleep(0.8 + 0.35 * number)  # at another moment each time
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
                kills += 1
    last = gleanery(tmp_path, "purge", "--author", "reddit:kim", "--yes", "--json")

    assert kills >= 3
    assert (last.returncode, last.json["proven"]) == (0, True)
    assert media.exists(key(b"kept"))
    with open_store("sqlite", tmp_path / "gleanery.db") as store:
        assert [*store.scan()] == []
        assert store.book(TOMBSTONES).get([author_mark("reddit", "kim"), mark_of("reddit:t1_9")])
    assert b"cake 77" not in bytes_of(tmp_path)
