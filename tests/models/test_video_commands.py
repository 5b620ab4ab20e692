"""``gleanery vectorize`` and ``similar`` on real files, and a model server killed in the middle."""

from __future__ import annotations

import asyncio
import signal

import numpy as np
import pytest

from items import Video
from items.media_file import MediaFile
from media.store import open_media
from model_server.client import ModelClient
from storage import open_store
from tests.cli import gleanery
from tests.conftest import wait_until
from tests.media.making import scenes, video
from tests.model_process import ModelServerProcess

pytestmark = pytest.mark.models


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """Two that look alike, and one that does not."""
    folder = tmp_path_factory.mktemp("files")
    scenes(folder / "a.mp4", "testsrc2", seconds=10)
    scenes(folder / "b.mp4", "testsrc2", seconds=14)
    scenes(folder / "c.mp4", "color=c=blue", seconds=10)
    return folder


@pytest.fixture(scope="session")
def vectors(tmp_path_factory, eyes, files):
    """What the command writes from its first start on, where nothing is computed yet."""
    home, out = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("out")
    given = [str(files / name) for name in ("a.mp4", "b.mp4", "c.mp4")]
    done = gleanery(
        home,
        *("vectorize", *given, "--out", str(out), "--engine", eyes),
        *("--stride", "0.5", "--json"),
    )
    assert done.returncode == 0, done.stderr
    return done.json, out


def test_vectorize_writes_a_file_for_each_video(vectors):
    from safetensors.numpy import load_file

    rows, out = vectors

    assert sorted(p.name for p in out.iterdir()) == [f"{n}.mp4.safetensors" for n in "abc"]
    for row in rows:
        tensors = load_file(row["out"])
        assert tensors["frames"].shape == (8 * row["clips"], 32)
        assert np.linalg.norm(tensors["video"]) == pytest.approx(1, abs=1e-5)
        assert len({label["name"] for label in row["labels"]}) == 5
        assert tensors["clip_top5_labels"].shape == (row["clips"], 5)
        assert "onnxruntime" in row["version"]


def test_similar_ranks_files_by_cosine(vectors, tmp_path):
    _, out = vectors

    done = gleanery(tmp_path, "similar", str(out / "a.mp4.safetensors"), "--in", str(out), "--json")

    assert [row["name"].rpartition("/")[2][:1] for row in done.json] == ["b", "c"]
    assert done.json[0]["cosine"] > done.json[1]["cosine"]


def test_similar_ranks_the_items_of_the_store(vectors, tmp_path):
    _, out = vectors
    media = open_media(tmp_path / "media")
    with open_store("sqlite", tmp_path / "gleanery.db") as store:
        for name in "abc":
            kept = media.put_file(out / f"{name}.mp4.safetensors")
            file = MediaFile(
                key=kept.key,
                role="vectors",
                content_type="application/vnd.safetensors",
                size=kept.size,
            )
            store.save(
                [
                    Video(
                        platform="youtube",
                        external_id=name,
                        url=f"https://www.youtube.com/watch?v={name}",
                        media_files=[file],
                    )
                ]
            )

    done = gleanery(tmp_path, "similar", "youtube:a", "--json")
    missing = gleanery(tmp_path, "similar", "youtube:zzz")

    assert [row["name"] for row in done.json] == ["youtube:b", "youtube:c"]
    assert "No item 'youtube:zzz'" in missing.error


@pytest.mark.usefixtures("started_before")
def test_a_file_that_fails_does_not_stop_the_others(eyes, files, tmp_path):
    text = tmp_path / "text.mp4"
    text.write_text("no video " * 99)
    out = tmp_path / "out"

    done = gleanery(
        tmp_path,
        *("vectorize", str(text), str(tmp_path / "nowhere.mp4"), str(files / "c.mp4")),
        *("--out", str(out), "--engine", eyes, "--max-clips", "1", "--json"),
    )

    assert done.returncode == 1
    assert [row.get("clips", "failed") for row in done.json] == ["failed", "failed", 1]
    assert "nowhere.mp4" in done.json[1]["error"]
    assert [p.name for p in out.iterdir()] == ["c.mp4.safetensors"]


@pytest.mark.usefixtures("started_before")
async def test_a_video_is_finished_though_the_server_is_killed_in_the_middle(eyes, tmp_path):
    """The call is made again; what is kept is whole and there once."""
    media = open_media(tmp_path / "media")
    key = media.put_file(video(tmp_path / "long.mp4", seconds=60)).key
    server = ModelServerProcess(
        tmp_path,
        GLEANERY_VIDEO_ENGINE=eyes,
        GLEANERY_MODEL_ENGINE="stub",
        GLEANERY_TEST_ENGINES="1",
    )
    await asyncio.to_thread(server.start)
    client = ModelClient(server.url, timeout=60, patience=90)
    await client.open()
    heard = []
    asked = asyncio.create_task(
        client.vectorize_video(
            key,
            stride_seconds=0.1,
            scene_aware=False,
            skip_near_duplicates=False,
            progress=lambda done, total, _: heard.append((done, total)),
        )
    )
    await asyncio.to_thread(wait_until, lambda: heard and heard[-1][0] >= 5, seconds=60)
    await asyncio.to_thread(server.stop, signal.SIGKILL)
    killed_at = heard[-1]
    await asyncio.to_thread(server.start)
    result = await asked
    again = await client.vectorize_video(
        key, stride_seconds=0.1, scene_aware=False, skip_near_duplicates=False
    )
    await client.close()
    await asyncio.to_thread(server.stop)

    assert killed_at[0] < killed_at[1] == result.clips == 75
    assert again == result
    assert sorted(entry.key for entry in media.scan()) == sorted([key, result.vectors])
    assert all(media.verify(entry.key) for entry in media.scan())
