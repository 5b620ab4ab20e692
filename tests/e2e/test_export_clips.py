"""``gleanery export --clips``: frames of videos as models see them, in the tar."""

from __future__ import annotations

import io
import json
import tarfile
from datetime import UTC, datetime

import numpy as np
import pytest

from items import Annotation, MediaFile, Post, Video
from media.sampling import ClipPlan
from media.sampling import clips as read_clips
from media.store import open_media
from storage import open_store
from tests.cli import gleanery
from tests.media.making import scenes

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def scored(item):
    quality = {"score": 0.9, "reasons": [], "language": "en", "twin": None, "of": ""}
    item.category, item.classified_at, item.fetched_at = "food", NOON, NOON
    item.annotations = [Annotation(tool="quality", engine="rules", version="t", value=quality)]
    return item


def a_video(number: int, file: MediaFile) -> Video:
    return scored(
        Video(platform="youtube", external_id=f"v{number}", url="https://y.com", media_files=[file])
    )


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Two scenes of three seconds."""
    return scenes(tmp_path_factory.mktemp("film") / "film.mp4", "testsrc2", "smptebars", seconds=3)


@pytest.fixture(scope="module")
def home(tmp_path_factory, film):
    """A good video, a broken one, one whose file is gone, and a post."""
    folder = tmp_path_factory.mktemp("home")
    media = open_media(folder / "media")
    good, broken = media.put_file(film), media.put_bytes(b"\x00\x00\x00\x18ftypmp42 and no more")
    files = [
        MediaFile(key=key, role="video", content_type="video/mp4", size=1)
        for key in (good.key, broken.key, "0" * 64)
    ]
    with open_store("sqlite", folder / "gleanery.db") as store:
        post = scored(Post(platform="reddit", external_id="t3_1", url="https://e.com"))
        store.save([post, *(a_video(n, file) for n, file in enumerate(files))])
    return folder


def members(path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar}


def test_each_clip_is_eight_pictures_and_what_they_are_of(home, film, tmp_path):
    av = pytest.importorskip("av")
    arguments = ("export", "--format", "webdataset", "--split", "1/0/0", "--clips", "2", "--json")

    done = gleanery(home, *arguments, "--out", str(tmp_path / "one"))
    gleanery(home, *arguments, "--out", str(tmp_path / "two"))

    assert done.json["items"]["train"] == 4
    found = members(tmp_path / "one" / "train-00000.tar")
    rows = {n[:8]: json.loads(d)["identity"] for n, d in found.items() if n[8:] == ".json"}
    of = {identity: number for number, identity in rows.items()}["youtube:v0"]
    pictures = [f"{of}.clip{c:02}.frame{f}.jpg" for c in range(2) for f in range(8)]
    assert sorted(n for n in found if n[8:] != ".json") == sorted([*pictures, f"{of}.clips.json"])
    about, clips = (
        json.loads(found[f"{of}.clips.json"]),
        list(read_clips(film, ClipPlan(max_clips=2))),
    )
    assert [(c["scene"], len(c["times"])) for c in about] == [(0, 8), (1, 8)]
    for number, name in enumerate(pictures):
        with av.open(io.BytesIO(found[name])) as picture:
            pixels = next(picture.decode(video=0)).to_ndarray(format="rgb24").astype(int)
        assert pixels.shape == (224, 224, 3)
        assert np.abs(pixels - clips[number // 8].frames[number % 8]).mean() < 12
    shards = [tmp_path / name / "train-00000.tar" for name in ("one", "two")]
    assert shards[0].read_bytes() == shards[1].read_bytes()
    assert done.stderr.count("is left out of the export") == 2


def test_other_formats_hold_no_pictures(home, tmp_path):
    done = gleanery(home, "export", "--clips", "2", "--out", str(tmp_path / "out"))

    assert "--clips needs --format webdataset" in done.error
