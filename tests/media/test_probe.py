"""Facts of real files."""

from __future__ import annotations

import pytest

from media.probe import Facts, probe
from tests.media import making


def test_facts_of_a_video_with_sound(tmp_path):
    path = making.video(tmp_path / "a.mp4", sound=True)

    assert probe(path) == Facts(
        container="mov",
        size=path.stat().st_size,
        duration_seconds=2.0,
        fps=25.0,
        width=320,
        height=180,
        rotation=0,
        video_codec="h264",
        variable_frame_rate=False,
        audio_codec="aac",
        sample_rate=44100,
        channels=1,
    )
    assert "hdr" not in probe(path).to_dict()


def test_facts_of_sound_alone(tmp_path):
    making.ffmpeg("-f", "lavfi", "-i", "sine=440:d=3", "-ac", "2", tmp_path / "a.opus")

    facts = probe(tmp_path / "a.opus")

    assert (facts.audio_codec, facts.channels, facts.container) == ("opus", 2, "ogg")
    assert facts.duration_seconds == pytest.approx(3, abs=0.05)
    assert facts.video_codec is None


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_width_and_height_are_those_seen(tmp_path, degrees):
    path = making.turned(tmp_path / "a.mp4", degrees)

    facts = probe(path)

    assert (facts.rotation, facts.width, facts.height) == (degrees, 320, 240)


@pytest.mark.parametrize(("transfer", "name"), [("smpte2084", "pq"), ("arib-std-b67", "hlg")])
def test_high_dynamic_range_is_told(tmp_path, transfer, name):
    assert probe(making.hdr(tmp_path / "a.mp4", transfer, "0x808080")).hdr == name


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_variable_frame_rate_is_told(tmp_path, suffix):
    assert probe(making.uneven(tmp_path / f"a.{suffix}")).variable_frame_rate is True
    steady = making.video(tmp_path / f"b.{suffix}")
    assert probe(steady).variable_frame_rate is False
