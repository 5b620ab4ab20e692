"""Files that are broken, or made to hurt: each gets the right result or a clear reason."""

from __future__ import annotations

import contextlib
import os
import random
import socket
from pathlib import Path

import pytest

from gleanery.errors import MediaRefusedError
from media.frames import FramePlan, sample_frames
from media.probe import probe
from media.sampling import FULL, clips, schedule
from tests.media import making


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    """6 s of video with sound, the index at its end."""
    folder = tmp_path_factory.mktemp("film")
    return making.video(folder / "film.mp4", "-g", "25", seconds=6, sound=True)


@pytest.fixture(scope="module")
def streamable(tmp_path_factory, film) -> Path:
    """The same with the index in front: it can be read although its end is missing."""
    path = tmp_path_factory.mktemp("film") / "front.mp4"
    making.ffmpeg("-i", film, "-c", "copy", "-movflags", "+faststart", path)
    return path


def cut(path: Path, out: Path, share: float) -> Path:
    data = path.read_bytes()
    out.write_bytes(data[: int(len(data) * share)])
    return out


def test_a_file_without_its_index_is_refused(film, tmp_path):
    with pytest.raises(MediaRefusedError, match="broken at its start"):
        probe(cut(film, tmp_path / "a.mp4", 0.7))


def test_a_file_cut_off_gives_what_is_there(streamable, tmp_path):
    path = cut(streamable, tmp_path / "a.mp4", 0.5)

    chosen = schedule(path, FULL)
    got = list(sample_frames(path, FramePlan(stride_seconds=0.5)))

    assert probe(path).duration_seconds == pytest.approx(6, abs=0.1)  # what it claims
    assert 1 < chosen.duration_seconds < 5  # what is there
    assert len(got) == round(chosen.duration_seconds / 0.5)


def test_damaged_bytes_in_the_middle_cost_some_frames_and_no_more(streamable, tmp_path):
    data = bytearray(streamable.read_bytes())
    numbers = random.Random(1)
    for _ in range(2000):
        data[numbers.randrange(len(data) // 4, len(data))] ^= 255
    (tmp_path / "a.mp4").write_bytes(data)

    (clip,) = clips(tmp_path / "a.mp4", FULL)

    assert clip.frames.shape == (8, 224, 224, 3)


def test_bytes_damaged_anywhere_never_hurt_the_caller(streamable, tmp_path):
    numbers = random.Random(2)
    for attempt in range(12):
        data = bytearray(streamable.read_bytes())
        for _ in range(60):
            data[numbers.randrange(4000 if attempt % 2 else len(data))] = numbers.randrange(256)
        path = tmp_path / f"{attempt}.mp4"
        path.write_bytes(data)
        with contextlib.suppress(MediaRefusedError):
            assert len(list(clips(path, FULL))) < 10


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("noise.mp4", random.Random(3).randbytes(100_000)),
        ("empty.mkv", b""),
        ("page.mp4", b"<html>"),
    ],
    ids=["noise", "empty", "page"],
)
def test_what_is_no_media_file_is_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)

    for read in (probe, schedule):
        with pytest.raises(MediaRefusedError, match="not a media file"):
            read(tmp_path / name)


def test_the_ending_of_a_name_does_not_matter(film, tmp_path):
    (tmp_path / "film.mp3").write_bytes(film.read_bytes())

    assert probe(tmp_path / "film.mp3") == probe(film)


def test_a_claim_of_a_hundred_hours_is_measured(film, tmp_path):
    path = making.of_100_hours(tmp_path / "long.mkv", film)

    assert probe(path).duration_seconds == pytest.approx(360_000, abs=1)
    assert schedule(path).duration_seconds == pytest.approx(6, abs=0.1)
    assert len(list(clips(path, FULL))) == 1


def test_a_hundred_hours_of_timestamps_are_refused(tmp_path):
    path = making.video(tmp_path / "a.mkv", "-vf", "setpts=N*14400/TB", "-fps_mode", "passthrough",
                        "-enc_time_base", "1/1000", seconds=1)  # fmt: skip

    with pytest.raises(MediaRefusedError, match=r"runs for \d+ hours"):
        schedule(path)


def test_frames_of_16k_are_refused_before_they_are_decoded(tmp_path):
    path = making.of_16k(tmp_path / "a.avi")

    for read in (probe, schedule):
        with pytest.raises(MediaRefusedError, match="more than 36,000,000 pixels"):
            read(path)


def test_frames_that_grow_on_the_way_are_left_out(tmp_path):
    """A small beginning is no promise: the limit holds for each frame."""
    making.video(tmp_path / "small.ts", "-g", "5", size="320x180", seconds=2)
    making.ffmpeg("-f", "lavfi", "-i", "color=s=6400x6400:r=1:d=1", "-pix_fmt", "yuv420p", "-c:v",
                  "libx264", "-preset", "ultrafast", tmp_path / "large.ts")  # fmt: skip
    both = (tmp_path / "small.ts").read_bytes() + (tmp_path / "large.ts").read_bytes()
    (tmp_path / "a.ts").write_bytes(both)

    got = list(sample_frames(tmp_path / "a.ts", FramePlan(stride_seconds=0.5)))

    assert got
    assert all(frame.at_seconds < 2 for frame in got)


def test_no_video_stream_is_told_and_sound_is_still_known(tmp_path):
    making.ffmpeg("-f", "lavfi", "-i", "sine=440:d=1", tmp_path / "a.m4a")

    assert probe(tmp_path / "a.m4a").audio_codec == "aac"
    with pytest.raises(MediaRefusedError, match="no video stream"):
        schedule(tmp_path / "a.m4a")


def test_an_albums_cover_is_no_video(tmp_path):
    making.ffmpeg("-f", "lavfi", "-i", "testsrc2=s=320x320:d=0.04", "-frames:v", "1",
                  tmp_path / "cover.png")  # fmt: skip
    making.ffmpeg("-f", "lavfi", "-i", "sine=440:d=1", "-i", tmp_path / "cover.png", "-map", "0",
                  "-map", "1", "-c:v", "copy", "-disposition:v", "attached_pic",
                  tmp_path / "a.mp3")  # fmt: skip

    assert probe(tmp_path / "a.mp3").video_codec is None
    with pytest.raises(MediaRefusedError, match="no video stream"):
        schedule(tmp_path / "a.mp3")


def test_a_stream_without_one_frame_is_refused(film, tmp_path):
    """All of the video's packets are dropped on the way into the file."""
    path = tmp_path / "a.mkv"
    making.ffmpeg("-i", film, "-c", "copy", "-bsf:v", "noise=drop=1", path)

    with pytest.raises(MediaRefusedError, match="not one frame"):
        schedule(path)


def test_a_bomb_of_many_equal_frames_is_read_in_bounded_memory(tmp_path):
    """An hour of black in a small file is one clip."""
    making.ffmpeg("-f", "lavfi", "-i", "color=black:s=320x180:r=1:d=3600", "-c:v", "libx264",
                  "-preset", "ultrafast", "-g", "600", tmp_path / "a.mkv")  # fmt: skip

    chosen = schedule(tmp_path / "a.mkv")

    assert (tmp_path / "a.mkv").stat().st_size < 500_000
    assert [round(c.seconds) for c in chosen.clips] == [3600]


class Trap:
    """A listener that nobody should call, and a file that nobody should open."""

    def __init__(self, folder: Path) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(0.2)
        self.address = f"http://127.0.0.1:{self.socket.getsockname()[1]}/film.mp4"
        self.file = making.video(folder / "secret.mp4", seconds=1)
        os.utime(self.file, (1, self.file.stat().st_mtime))

    def sprung(self) -> bool:
        try:
            self.socket.accept()
        except TimeoutError:
            return self.file.stat().st_atime != 1
        return True


@pytest.mark.parametrize("ending", ["", ".m3u8"])
@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{target}\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=320x180\n{target}\n",
        "ffconcat version 1.0\nfile '{target}'\n",
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'profiles="urn:mpeg:dash:profile:isoff-main:2011" mediaPresentationDuration="PT9S"><Period>'
        '<AdaptationSet><Representation id="1" bandwidth="1"><BaseURL>{target}</BaseURL>'
        "</Representation></AdaptationSet></Period></MPD>",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
        "a=rtpmap:96 H264/90000\na=control:{target}\n",
    ],
    ids=["hls", "hls-master", "concat", "dash", "sdp"],
)
def test_a_file_never_makes_us_open_another_or_an_address(tmp_path, text, ending):
    trap = Trap(tmp_path)
    for target in (trap.address, str(trap.file), trap.file.as_uri()):
        path = tmp_path / f"playlist{ending}"
        path.write_text(text.format(target=target))

        with pytest.raises(MediaRefusedError):
            schedule(path)

    assert not trap.sprung()
    trap.socket.close()


def test_a_name_that_looks_like_an_address_is_a_name(film, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("http:x.mp4", "concat:a|b.mp4", "-i.mp4", "a%03d.mp4", "두 번째.mp4"):
        Path(name).write_bytes(film.read_bytes())

        assert probe(Path(name)) == probe(film)
