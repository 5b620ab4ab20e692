"""``kill -9`` of crawls, workers and Redis at random moments: nothing lost, nothing done twice."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import wait_until
from tests.redis_servers import OwnRedis
from tests.video_site import VideoSite, draw_clip_with_sound
from tests.work_processes import (
    an_article,
    counts,
    crawl,
    finished_steps,
    put,
    save,
    started_worker,
    stored,
    work,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

VIDEOS = range(8)
KILLS = 10
PATIENT = {"FRONTIER_MAX_ATTEMPTS": 2 * KILLS}  # on a slow machine a page dies that often
DEBUG = {"GLEANERY_LOG_LEVEL": "DEBUG"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    clip = draw_clip_with_sound(tmp_path_factory.mktemp("clip") / "clip.mp4", seconds=6)
    with VideoSite(clip.read_bytes(), chunk_seconds=0.15) as site:
        yield site


@pytest.fixture
def own_redis(tmp_path_factory):
    server = OwnRedis(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


def filled(home, site, url=""):
    items = [an_article(site, number) for number in VIDEOS]
    save(home, *items)
    put(home, *(item.identity for item in items), url=url)


def assert_all_is_done_once(home, url=""):
    after, rows = counts(home, url), stored(home)
    assert (after.done, after.queued, after.leased, after.parked) == (len(VIDEOS), 0, 0, 0)
    assert len(rows) == len(VIDEOS)
    roles = {i: [m["role"] for m in row["media_files"]] for i, row in rows.items()}
    assert roles == {identity: ["video", "audio"] for identity in rows}
    keys = {m["key"] for row in rows.values() for m in row["media_files"]}
    assert len(keys) == len(VIDEOS) + 1  # they all sound the same
    steps = finished_steps(home)
    assert {n for n in steps.values() if n > 1} == set(), steps
    folder = home / "work"
    assert not folder.exists() or list(folder.iterdir()) == []


def test_workers_killed_at_random_moments(site, tmp_path):
    chance = random.Random(KILLS)
    filled(tmp_path, site)
    for _ in range(KILLS):
        with started_worker(tmp_path, **DEBUG) as worker:
            wait_until(lambda: counts(tmp_path).leased or not counts(tmp_path).queued, seconds=60)
            time.sleep(chance.uniform(0, 1.5))
            worker.kill()
    with started_worker(tmp_path, "--once", **DEBUG) as worker:
        assert worker.wait(180) == 0

    assert_all_is_done_once(tmp_path)


def decoders(worker) -> list[int]:
    """Processes of the worker's sandbox (``media.launch``)."""
    running = []
    for task in Path(f"/proc/{worker.pid}/task").iterdir():
        with suppress(OSError):  # it has ended
            children = (task / "children").read_text().split()
            running += [int(c) for c in children if b"media.inside" in command_of(c)]
    return running


def command_of(process: str) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def test_decoders_killed_at_random_moments(site, tmp_path):
    """As where memory runs out: the step is done again, and nobody else notices."""
    chance, killed = random.Random(KILLS), 0
    filled(tmp_path, site)
    often = {"GLEANERY_WORK_ATTEMPTS": str(KILLS + 1)}
    with started_worker(tmp_path, **DEBUG, **often) as worker:
        while killed < KILLS:
            wait_until(lambda: decoders(worker), seconds=60)
            time.sleep(chance.uniform(0, 0.1))
            with suppress(IndexError, ProcessLookupError):
                os.kill(decoders(worker)[0], signal.SIGKILL)
                killed += 1
        wait_until(lambda: counts(tmp_path).done == len(VIDEOS), seconds=120)
        assert worker.poll() is None

    assert_all_is_done_once(tmp_path)


def test_redis_killed_at_random_moments_under_a_worker(site, own_redis, tmp_path):
    chance = random.Random(KILLS)
    filled(tmp_path, site, own_redis.url)
    with started_worker(tmp_path, GLEANERY_REDIS_URL=own_redis.url, **DEBUG) as worker:
        wait_until(lambda: counts(tmp_path, own_redis.url).leased, seconds=60)
        for _ in range(KILLS):
            own_redis.kill()
            time.sleep(chance.uniform(0, 1))
            own_redis.start()
            time.sleep(chance.uniform(0, 1))
        wait_until(lambda: counts(tmp_path, own_redis.url).done == len(VIDEOS), seconds=120)
        assert worker.poll() is None

    assert_all_is_done_once(tmp_path, own_redis.url)


def test_crawls_killed_at_random_moments(site, tmp_path):
    chance = random.Random(KILLS)
    for _ in range(KILLS):
        with crawl(tmp_path, site, VIDEOS, start=True, **PATIENT) as process:
            wait_until(lambda: "Spider opened" in (tmp_path / "crawl.log").read_text(), seconds=60)
            time.sleep(chance.uniform(0, 1))
            process.kill()
    assert crawl(tmp_path, site, VIDEOS, **PATIENT).returncode == 0
    queued, rows = counts(tmp_path), stored(tmp_path)
    with started_worker(tmp_path, "--once", **DEBUG) as worker:
        assert worker.wait(180) == 0

    assert (queued.queued, len(rows)) == (len(VIDEOS), len(VIDEOS))
    assert_all_is_done_once(tmp_path)
    assert work(tmp_path, "enqueue", "--json").json == {"queued": 0, "known": len(VIDEOS)}
