"""From a crawl to files: ``scrapy crawl`` queues, ``gleanery work`` does; real pages and films."""

from __future__ import annotations

import signal

import pytest

from storage.work import open_queue
from tests.conftest import wait_until
from tests.video_site import VideoSite, draw_clip_with_sound
from tests.work_processes import an_article, counts, crawl, put, save, started_worker, stored, work


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> bytes:
    return draw_clip_with_sound(tmp_path_factory.mktemp("clip") / "clip.mp4").read_bytes()


@pytest.fixture
def site(clip):
    with VideoSite(clip) as site:
        yield site


def test_a_crawl_stores_at_once_and_a_worker_adds_the_files(site, tmp_path):
    result = crawl(tmp_path, site, [1, 2, 3])
    before = stored(tmp_path)
    done = work(tmp_path, "--once", "--json").json
    again = work(tmp_path, "--once", "--json").json
    second = crawl(tmp_path, site, [1, 2, 3])
    after = stored(tmp_path)

    assert (result.stats["vectorize/queued"], second.stats["vectorize/known"]) == (3, 3)
    assert [row["media_files"] for row in before.values()] == [[]] * 3
    assert done["steps"] == {"download": 3, "split_sound": 3}
    assert (done["queue"]["done"], done["queue"]["queued"]) == (3, 0)
    assert again["jobs"] == {}
    for row in after.values():
        video, sound = row["media_files"]
        assert (video["role"], video["content_type"], sound["role"]) == (
            "video", "video/mp4", "audio",
        )  # fmt: skip
        assert (video["facts"]["width"], video["facts"]["audio_codec"]) == (320, "aac")
        assert sound["source"] == video["key"]
        assert sound["facts"]["duration_seconds"] == pytest.approx(2, abs=0.2)
    assert len({row["media_files"][0]["key"] for row in after.values()}) == 3
    assert sorted(site.whole) == [f"/clip/{n}.mp4" for n in (1, 2, 3)]


@pytest.mark.slow
def test_a_video_that_fails_three_times_is_parked_with_its_reason_and_can_be_tried_again(
    site, tmp_path
):
    crawl(tmp_path, site, [1], kind="broken")
    done = work(tmp_path, "--once", "--json").json
    (parked,) = work(tmp_path, "parked", "--json").json
    told = work(tmp_path, "parked").stdout
    moved = work(tmp_path, "requeue", "--all", "--json").json
    told_counts = work(tmp_path, "stats", "--json").json

    assert done["jobs"] == {"queued": 2, "parked": 1}
    assert done["queue"]["parked"] == 1
    assert [f["reason"] for f in parked["history"]] == [parked["history"][0]["reason"]] * 3
    assert "it is no video" in parked["history"][0]["reason"]
    assert "no video" in told
    assert moved == {"requeued": 1}
    assert (told_counts["queued"], told_counts["parked"]) == (1, 0)


@pytest.mark.slow
def test_without_room_items_are_stored_all_the_same_and_their_jobs_come_later(site, tmp_path):
    result = crawl(tmp_path, site, [1, 2, 3], WORK_LIMIT=1, WORK_PATIENCE_SECONDS=0.5)
    queued = counts(tmp_path).queued
    added = work(tmp_path, "enqueue", "--json").json
    done = work(tmp_path, "--once", "--json").json

    assert result.stats["store/saved/article"] == 3
    assert (result.stats["vectorize/queued"], result.stats["vectorize/full"]) == (1, 2)
    assert "gleanery work enqueue" in result.log
    assert (queued, added) == (1, {"queued": 2, "known": 1})
    assert done["queue"]["done"] == 3


@pytest.mark.slow
def test_a_full_queue_slows_a_crawl_down_until_a_worker_has_made_room(site, tmp_path):
    with started_worker(tmp_path, "--jobs", "1"):
        result = crawl(tmp_path, site, range(8), WORK_LIMIT=1, WORK_PATIENCE_SECONDS=60)
        wait_until(lambda: counts(tmp_path).done == 8, seconds=60)

    assert (result.stats["vectorize/queued"], result.stats.get("vectorize/full")) == (8, None)
    assert result.stats["store/saved/article"] == 8


@pytest.mark.slow
def test_a_queue_that_is_away_keeps_no_item_back(site, tmp_path):
    result = crawl(tmp_path, site, [1, 2], REDIS_URL="", WORK_PATIENCE_SECONDS=0.2,
                   HOME=str(tmp_path))  # fmt: skip
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "work.db").write_text("Dear reader, " * 100)
    away = crawl(tmp_path / "other", site, [1, 2], WORK_PATIENCE_SECONDS=0.2)

    assert result.stats["vectorize/queued"] == 2
    assert away.stats["vectorize/unavailable"] == 2
    assert away.stats["store/saved/article"] == 2


@pytest.mark.slow
def test_a_job_waits_for_its_item_to_be_stored(site, tmp_path):
    item = an_article(site, 1)
    put(tmp_path, item.identity)
    early = work(tmp_path, "--once", "--json")
    save(tmp_path, item)
    with started_worker(tmp_path):
        wait_until(lambda: counts(tmp_path).done == 1, seconds=60)

    assert early.returncode == 1
    assert early.json["jobs"] == {"waiting": 1}
    assert early.json["queue"]["delayed"] == 1


@pytest.mark.slow
def test_a_new_step_is_done_and_the_finished_ones_are_not_repeated(site, tmp_path):
    item = an_article(site, 1)
    save(tmp_path, item)
    put(tmp_path, item.identity, steps=("download",))
    work(tmp_path, "--once")
    put(tmp_path, item.identity)
    done = work(tmp_path, "--once", "--json").json

    assert done["steps"] == {"split_sound": 1}
    assert site.whole == ["/clip/1.mp4"]


@pytest.mark.slow
def test_a_step_whose_result_is_stored_is_not_repeated_though_the_queue_forgot(site, tmp_path):
    item = an_article(site, 1)
    save(tmp_path, item)
    put(tmp_path, item.identity)
    work(tmp_path, "--once")
    for file in tmp_path.glob("work.db*"):
        file.unlink()
    added = work(tmp_path, "enqueue", "--json").json
    done = work(tmp_path, "--once", "--json").json

    assert added == {"queued": 1, "known": 0}
    assert (done["steps"], done["queue"]["done"]) == ({}, 1)
    assert site.whole == ["/clip/1.mp4"]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_gives_back_what_takes_too_long_without_blame(clip, tmp_path, number):
    with VideoSite(clip, chunk_seconds=3) as site:
        item = an_article(site, 1)
        save(tmp_path, item)
        put(tmp_path, item.identity)
        with started_worker(tmp_path, GLEANERY_WORK_DRAIN_SECONDS="0.2") as worker:
            wait_until(lambda: counts(tmp_path).leased == 1, seconds=60)
            worker.send_signal(number)
            code = worker.wait(180)
        after = counts(tmp_path)
        with open_queue("", tmp_path) as queue:
            (job,) = queue.lease("test", 1)

    assert (code, after.queued, after.workers) == (0, 1, 0)
    assert job.history == []


def test_what_is_asked_of_the_command_wrongly_is_one_line(tmp_path):
    assert "--all" in work(tmp_path, "requeue").error
