"""Frames as vector graphics."""

from __future__ import annotations

import numpy as np
import pytest

from gleanery.errors import MediaRefusedError
from media.svg import drawn, vectorize_frame
from tests.cli import gleanery
from tests.media import making


def squares(size: int = 224) -> np.ndarray:
    pixels = np.full((size, size, 3), (250, 250, 250), np.uint8)
    pixels[20:100, 20:100] = (200, 20, 30)
    pixels[120:200, 60:200] = (20, 60, 200)
    return pixels


def test_plain_areas_are_kept_whole():
    drawing = vectorize_frame(squares())

    assert drawing.share > 0.99
    assert drawing.size == len(drawing.svg.encode()) < 2000
    assert drawing.svg.count("<path") == 3


def test_the_share_is_that_of_pixels_which_come_back():
    noise = np.random.default_rng(1).integers(0, 256, (64, 61, 3), dtype=np.uint8)

    drawing = vectorize_frame(noise)

    back = drawn(drawing.svg)
    assert back.shape == noise.shape
    same = np.abs(back.astype(int) - noise).max(axis=2) <= 16
    assert drawing.share == pytest.approx(same.mean())
    assert drawing.share < 0.9


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)],
    ids=["grey", "float", "empty"],
)
def test_what_is_no_frame_is_refused(pixels):
    with pytest.raises(MediaRefusedError):
        vectorize_frame(pixels)


def test_the_command_writes_one_frame_of_each_scene(tmp_path):
    video = making.scenes(tmp_path / "film.mp4", "smptebars", "rgbtestsrc", "smptebars")

    done = gleanery(
        tmp_path, "frames", str(video), "--out", str(tmp_path / "out"), "--svg", "--json"
    )

    rows = done.json
    assert len(rows) == 2
    assert all(set(row) == {"at_seconds", "picture", "share", "svg", "svg_bytes"} for row in rows)
    assert max(row["share"] for row in rows) > 0.9
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["film-0001.png", "film-0001.svg", "film-0002.png", "film-0002.svg"]


def test_the_command_says_why_a_file_is_refused(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"no video at all")

    done = gleanery(tmp_path, "frames", str(tmp_path / "a.mp4"), "--out", str(tmp_path / "out"))

    assert done.returncode == 1
    assert done.error.startswith("gleanery: not a media file")
