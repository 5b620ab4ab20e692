"""Splitting the sound off: the same packets in a file of their own, whatever the container."""

from __future__ import annotations

import numpy as np
import pytest

from gleanery.errors import MediaNotFoundError, MediaRefusedError
from media.probe import probe
from media.sandbox import stream
from media.sound import split_sound
from tests.media.making import ffmpeg, video

TONE = ("-f", "lavfi", "-i", "sine=440:r=48000:d=1")


@pytest.mark.parametrize(
    ("name", "out", "ending", "kind"),
    [
        ("a.mp4", ("-c:a", "aac"), ".m4a", "audio/mp4"),
        ("a.webm", ("-c:v", "libvpx", "-c:a", "libopus"), ".ogg", "audio/ogg"),
        ("a.mkv", ("-c:a", "libmp3lame"), ".mp3", "audio/mpeg"),
        ("a.mkv", ("-c:a", "flac"), ".flac", "audio/flac"),
        ("a.mkv", ("-c:a", "ac3"), ".mka", "audio/x-matroska"),
    ],
    ids=["aac", "opus", "mp3", "flac", "another"],
)
def test_the_sound_of_a_film_comes_off_as_it_is(tmp_path, name, out, ending, kind):
    film = video(tmp_path / name, *out, sound=True)

    sound, content_type = split_sound(film, tmp_path / "sound")

    facts, whole = probe(sound), probe(film)
    assert (sound.suffix, content_type) == (ending, kind)
    assert (facts.audio_codec, facts.video_codec) == (whole.audio_codec, None)
    assert (facts.sample_rate, facts.channels) == (whole.sample_rate, whole.channels)
    assert facts.duration_seconds == pytest.approx(2, abs=0.15)


def test_not_a_sample_is_changed(tmp_path):
    film = video(tmp_path / "a.mp4", "-c:a", "aac", sound=True)
    sound, _ = split_sound(film, tmp_path / "sound")

    raw = []
    for number, path in enumerate((film, sound)):
        ffmpeg("-i", path, "-map", "0:a", "-f", "s16le", tmp_path / f"{number}.raw")
        raw.append((tmp_path / f"{number}.raw").read_bytes())
    assert raw[0] == raw[1]


LATE = ("-c:v", "mpeg4")
"""Late sound: containers hold it as an edit list, as timestamps, or from a clock of their own."""


@pytest.mark.parametrize(
    ("name", "out"),
    [
        ("a.mp4", (*LATE, "-c:a", "aac")),
        ("a.mkv", (*LATE, "-c:a", "libmp3lame")),
        ("b.mkv", (*LATE, "-c:a", "flac")),
        ("a.webm", ("-c:v", "libvpx", "-c:a", "libopus")),
        ("a.ts", (*LATE, "-c:a", "aac")),
        ("b.ts", (*LATE, "-c:a", "aac", "-output_ts_offset", "7000")),
    ],
)
def test_sound_that_begins_two_seconds_late_keeps_its_times(tmp_path, name, out):
    film = tmp_path / name
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=4", "-itsoffset", "2", *TONE,
           "-map", "0:v", "-map", "1:a", "-pix_fmt", "yuv420p", *out, film)  # fmt: skip

    sound, kind = split_sound(film, tmp_path / "sound")

    assert kind == "audio/x-matroska"
    for path in (film, sound):
        assert probe(path).sound_late_seconds == pytest.approx(2, abs=0.06)
        heard = samples(path)
        assert np.argmax(np.abs(heard) > 0.01) / 16_000 == pytest.approx(2, abs=0.06)
        assert len(heard) / 16_000 == pytest.approx(3, abs=0.1)


def test_a_film_whose_clock_starts_late_is_not_late_itself(tmp_path):
    film = tmp_path / "a.ts"
    video(film, "-c:v", "mpeg4", "-c:a", "aac", "-output_ts_offset", "7000", sound=True)
    sound, kind = split_sound(film, tmp_path / "sound")

    assert (kind, probe(film).sound_late_seconds) == ("audio/mp4", None)
    assert probe(sound).sound_late_seconds is None
    assert len(samples(sound)) / 16_000 == pytest.approx(2, abs=0.15)


def samples(path):
    with stream("media.inside.samples:samples", path, 16_000, 1) as answers:
        return np.concatenate([answer.data for answer in answers])


def test_a_file_without_sound_a_broken_one_and_none_are_told_apart(tmp_path):
    silent = video(tmp_path / "silent.mp4")
    (tmp_path / "letter.mp4").write_bytes(b"Dear reader, " * 100)

    with pytest.raises(MediaRefusedError, match="no sound"):
        split_sound(silent, tmp_path / "x")
    with pytest.raises(MediaRefusedError):
        split_sound(tmp_path / "letter.mp4", tmp_path / "x")
    with pytest.raises(MediaNotFoundError):
        split_sound(tmp_path / "none.mp4", tmp_path / "x")
