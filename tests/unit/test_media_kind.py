"""What a file is, by its first bytes: files made by ffmpeg and pillow, and forgeries."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from media.kind import SUFFIXES, kind_of, kind_of_file
from tests.media_site import draw_clip, draw_tone

CLIPS = {
    ".mp4": "video/mp4", ".mov": "video/quicktime", ".mkv": "video/x-matroska",
    ".webm": "video/webm", ".avi": "video/x-msvideo", ".flv": "video/x-flv",
    ".ts": "video/mp2t", ".mpg": "video/mpeg",
}  # fmt: skip
TONES = {
    ".m4a": "audio/mp4", ".mp3": "audio/mpeg", ".wav": "audio/wav", ".ogg": "audio/ogg",
    ".flac": "audio/flac", ".aac": "audio/aac",
}  # fmt: skip
PICTURES = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")


@pytest.mark.parametrize(("ending", "kind"), CLIPS.items())
def test_films_are_known_by_their_bytes(tmp_path, ending, kind):
    path = draw_clip(tmp_path / f"clip{ending}", seconds=0.4, size="64x64", sound=False)

    assert kind_of_file(path) == kind
    assert SUFFIXES[kind] == ending


@pytest.mark.parametrize(("ending", "kind"), TONES.items())
def test_sounds_are_known_by_their_bytes(tmp_path, ending, kind):
    path = draw_tone(tmp_path / f"tone{ending}", seconds=0.4)

    assert kind_of_file(path) == kind
    assert SUFFIXES[kind] == ending


@pytest.mark.parametrize("form", PICTURES)
def test_pictures_are_known_by_their_bytes(form):
    file = io.BytesIO()
    Image.new("RGB", (9, 9), "red").save(file, form)

    assert kind_of(file.getvalue()) == f"image/{form.lower()}"


@pytest.mark.parametrize(
    "head",
    [b"", b"<html>", b"#EXTM3U\n", b"<?xml", b"%PDF-1.7", b"MZ", b"RIFF\0\0\0\0XXXX", b"\0" * 99],
)
def test_other_things_are_nothing(head):
    assert kind_of(head) is None
