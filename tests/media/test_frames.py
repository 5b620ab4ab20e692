"""Frames are those seen at their time, upright and in the right colours."""

from __future__ import annotations

import numpy as np
import pytest

from gleanery.errors import MediaRefusedError
from media.frames import FramePlan, frames_at, sample_frames
from media.sandbox import Limits
from media.scenes import look_over
from tests.media import making

RED, BLUE = np.array([254, 0, 0]), np.array([0, 0, 254])


def coloured(path, *, pattern="mod(N,250)"):
    """10 s at 25 frames a second; each frame is a grey that tells its number: N mod 250."""
    making.ffmpeg("-f", "lavfi", "-i", "color=black:s=64x64:r=25:d=10", "-vf",
                  f"format=gray,geq=lum='{pattern}',format=yuv420p",
                  "-qp", "0", "-bf", "0", path)  # fmt: skip
    return path


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "webm", "avi", "ts"])
def test_the_frame_seen_at_each_time(tmp_path, suffix):
    if suffix == "webm":
        path = making.video(tmp_path / "a.webm", "-c:v", "libvpx-vp9", "-g", "20", seconds=3)
    else:
        path = making.video(tmp_path / f"a.{suffix}", "-g", "20", "-bf", "0", seconds=3)
    look = look_over(path, None)
    times = [0.0, 0.5, 1.01, 1.02, 2.5, 99.0]

    frames = list(frames_at(path, times, keyframes=look.keyframes, size=64))

    assert [f.index for f in frames] == [0, 1, 2, 3, 4, 5]
    shown = [0.0, 0.48, 1.0, 1.0, 2.48, 2.96]
    assert [f.at_seconds for f in frames] == pytest.approx(shown, abs=0.002)
    assert look.end_seconds == pytest.approx(3.0, abs=0.05)


def test_jumping_to_keyframes_gives_what_decoding_from_the_start_gives(tmp_path):
    path = coloured(tmp_path / "a.mkv")
    look = look_over(path, None)
    times = [0.3, 5.5, 5.6, 9.9]

    straight = [f.pixels for f in frames_at(path, times, size=32)]
    jumping = [f.pixels for f in frames_at(path, times, keyframes=look.keyframes, size=32)]

    assert np.array_equal(straight, jumping)
    numbers = [int(p.mean().round()) for p in jumping]
    assert numbers == pytest.approx([7, 137, 140, 247], abs=1)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_frames_are_upright(tmp_path, degrees):
    path = making.turned(tmp_path / "a.mp4", degrees)

    (frame,) = sample_frames(path, FramePlan(stride_seconds=1))

    assert frame.pixels.shape == (224, 224, 3)
    assert np.abs(frame.pixels[112, 20].astype(int) - RED).max() < 8
    assert np.abs(frame.pixels[112, 200].astype(int) - BLUE).max() < 8


@pytest.mark.parametrize("size", ["321x181", "64x48", "48x480", "1920x1080"])
def test_odd_and_extreme_sizes_become_square(tmp_path, size):
    path = making.video(tmp_path / "a.mp4", "-pix_fmt", "yuv444p", size=size, seconds=0.5)

    (frame,) = sample_frames(path)

    assert frame.pixels.shape == (224, 224, 3)
    assert frame.pixels.std() > 20


def test_the_centre_is_cut_out_as_by_resizing_and_cropping(tmp_path):
    """Against OpenCV's own decoding, area resize and the same crop."""
    cv2 = pytest.importorskip("cv2")
    path = making.video(tmp_path / "a.mp4", size="640x360", seconds=0.2)
    capture = cv2.VideoCapture(str(path))
    picture = cv2.cvtColor(capture.read()[1], cv2.COLOR_BGR2RGB)
    capture.release()
    wide = cv2.resize(picture, (398, 224), interpolation=cv2.INTER_AREA)
    expected = wide[:, 87 : 87 + 224]

    (frame,) = frames_at(path, [0.0])

    difference = np.abs(frame.pixels.astype(int) - expected)
    assert difference.mean() < 4
    assert np.corrcoef(frame.pixels.ravel(), expected.ravel())[0, 1] > 0.99


@pytest.mark.parametrize(
    ("transfer", "code", "grey"),
    [
        ("smpte2084", "0x949494", 235),  # 203 nits, diffuse white
        ("smpte2084", "0x818181", 188),  # about 100 nits
        ("smpte2084", "0x000000", 0),
        ("arib-std-b67", "0xbfbfbf", 235),  # 75 %: HLG's own diffuse white
    ],
)
def test_high_dynamic_range_is_brought_to_ordinary_brightness(tmp_path, transfer, code, grey):
    path = making.hdr(tmp_path / "a.mp4", transfer, code)

    (frame,) = sample_frames(path, FramePlan(stride_seconds=1))

    assert frame.pixels[112, 112].astype(int) == pytest.approx([grey] * 3, abs=12)


def test_bt709_colours_are_read_as_such(tmp_path):
    making.ffmpeg("-f", "lavfi", "-i", "color=0x00c000:s=320x180:d=1", "-vf",
                  "scale=out_color_matrix=bt709,format=yuv420p", "-colorspace", "bt709",
                  tmp_path / "a.mp4")  # fmt: skip

    (frame,) = sample_frames(tmp_path / "a.mp4", FramePlan(stride_seconds=1))

    assert frame.pixels[100, 100].astype(int) == pytest.approx([0, 192, 0], abs=4)


def test_a_variable_rate_is_sampled_by_time_not_by_number(tmp_path):
    """A still second, shown by one frame that lasts, weighs what a second of movement weighs."""
    frames = list(sample_frames(making.uneven(tmp_path / "a.mkv"), FramePlan(stride_seconds=0.5)))

    assert len(frames) == 8
    wanted = [0.25 + 0.5 * n for n in range(8)]
    assert all(0 <= want - f.at_seconds < 0.21 for want, f in zip(wanted, frames, strict=True))


def test_max_frames_spreads_them_over_the_whole_video(tmp_path):
    path = making.video(tmp_path / "a.mp4", seconds=4)

    frames = list(sample_frames(path, FramePlan(stride_seconds=0.1, max_frames=4)))

    assert [f.at_seconds for f in frames] == pytest.approx([0.5, 1.5, 2.5, 3.5], abs=0.081)


def test_a_limit_that_is_passed_is_told(tmp_path):
    path = making.video(tmp_path / "a.mp4", "-preset", "ultrafast", size="4096x2160", seconds=0.3)

    with pytest.raises(MediaRefusedError, match="memory"):
        list(sample_frames(path, limits=Limits(memory_bytes=135 * 2**20)))
