"""The whole way of a video: crawled, stored, downloaded, vectorised, transcribed, classified."""

from __future__ import annotations

import random
import shutil
import signal
import time

import pytest

from storage import open_store
from tests.conftest import wait_until
from tests.model_process import ModelServerProcess
from tests.recorded_speech import save as save_sound
from tests.recorded_speech import spoken
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

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def clip(tmp_path_factory, whisper_model):
    folder = tmp_path_factory.mktemp("clip")
    sound = save_sound(folder / "speech.wav", spoken().samples)
    return draw_clip_with_sound(folder / "clip.mp4", seconds=8, sound=sound).read_bytes()


@pytest.mark.usefixtures("started_before")
def test_a_crawled_video_ends_up_as_files_vectors_words_and_a_category(
    tmp_path, eyes, clip, whisper_model, e5_cache
):
    shutil.copytree(e5_cache, tmp_path / "cache", dirs_exist_ok=True)
    ears = f"faster_whisper:{whisper_model('faster_whisper')}"
    with VideoSite(clip) as site:
        result = crawl(
            tmp_path, site, [1], audio="transcribe", VIDEO_ENGINE=eyes, TRANSCRIBE_ENGINE=ears,
            CLASSIFY_ENABLED=True,
        )  # fmt: skip
        (before,) = stored(tmp_path).values()
        done = work(
            tmp_path, "--once", "--json", GLEANERY_VIDEO_ENGINE=eyes,
            GLEANERY_TRANSCRIBE_ENGINE=ears, GLEANERY_CLASSIFY_ENABLED="true",
        )  # fmt: skip
    (row,) = stored(tmp_path).values()

    assert result.stats["vectorize/queued"] == 1
    assert [a["tool"] for a in before["annotations"]] == ["classify"]
    assert done.json["steps"] == dict.fromkeys(
        ("download", "split_sound", "vectorize_video", "sound", "classify_video"), 1
    ), done.stderr
    assert [m["role"] for m in row["media_files"]] == ["video", "audio", "vectors", "transcript"]
    video, sound, vectors, transcript = row["media_files"]
    assert [m["source"] for m in (sound, vectors, transcript)] == [
        video["key"], video["key"], sound["key"],
    ]  # fmt: skip
    said = {a["tool"]: a for a in row["annotations"]}
    assert sorted(said) == ["classify", "classify_video", "transcribe", "vectorize_video"]
    assert said["vectorize_video"]["value"]["clips"] > 0
    assert len(said["transcribe"]["value"]["text"].split()) > 3
    with open_store("sqlite", tmp_path / "gleanery.db") as store:
        (heard,), (seen,) = store.transcripts(row["identity"]), store.vectors(row["identity"])
        found = store.search(heard.lines[0].text)
    assert (heard.text, heard.sound) == (said["transcribe"]["value"]["text"], sound["key"])
    assert (seen.video, len(seen.values)) == (video["key"], vectors["facts"]["dim"])
    assert [one["identity"] for one in found] == [row["identity"]]
    whole = said["classify_video"]["value"]
    assert (whole["of"], list(whole["parts"])) == (
        "vectorize_video,transcribe", ["title", "description", "transcript", "labels"],
    )  # fmt: skip
    assert sum(p["share"] for p in whole["parts"].values()) == pytest.approx(1, abs=0.01)
    assert (row["category"], row["needs_review"]) == (whole["category"], whole["needs_review"])


@pytest.mark.timeout(1200)
@pytest.mark.usefixtures("started_before")
def test_model_servers_killed_at_random_moments(tmp_path, eyes, clip):
    kills, videos = 10, range(4)
    chance = random.Random(kills)
    server = ModelServerProcess(
        tmp_path,
        GLEANERY_VIDEO_ENGINE=eyes,
        GLEANERY_MODEL_ENGINE="stub",
        GLEANERY_TEST_ENGINES="1",
    )
    with VideoSite(clip) as site:
        items = [an_article(site, number) for number in videos]
        save(tmp_path, *items)
        steps = ("download", "split_sound", "vectorize_video")
        put(tmp_path, *(item.identity for item in items), steps=steps)
        server.start()
        told = {"GLEANERY_MODEL_SERVER_URL": server.url, "GLEANERY_MODEL_PATIENCE_SECONDS": "1"}
        with started_worker(tmp_path, GLEANERY_LOG_LEVEL="DEBUG", **told) as worker:
            wait_until(lambda: site.whole, seconds=60)
            for _ in range(kills):
                time.sleep(chance.uniform(0, 3))
                server.stop(signal.SIGKILL)
                server.start()
            wait_until(lambda: counts(tmp_path).done == len(videos), seconds=150)
            assert worker.poll() is None
        server.stop()

    rows = stored(tmp_path)
    roles = {i: [m["role"] for m in row["media_files"]] for i, row in rows.items()}
    assert roles == {identity: ["video", "audio", "vectors"] for identity in rows}
    assert set(finished_steps(tmp_path).values()) == {1}
    assert counts(tmp_path).parked == 0
