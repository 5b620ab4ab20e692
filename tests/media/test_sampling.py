"""Clips: the whole video, or the fewest that show what is in it."""

from __future__ import annotations

import threading
from contextlib import closing

import numpy as np
import pytest

from media.frames import frames_at
from media.sampling import FULL, ClipPlan, clips, read_clips, schedule
from media.scenes import Scene
from media.together import read_together
from tests.media import making

PICTURES = ("smptebars", "mandelbrot", "rgbtestsrc", "smptebars")
CHANGING = ("mandelbrot", "testsrc2", "cellauto")


def test_the_full_plan_covers_the_video_from_start_to_end(tmp_path):
    path = making.video(tmp_path / "a.mp4", seconds=20)

    chosen = schedule(path, FULL)
    got = list(read_clips(path, chosen))

    assert [(c.start, c.end) for c in got] == [(0.0, 10.0), (10.0, 20.0)]
    assert chosen.full_clips == 2
    assert got[0].frames.shape == (8, 224, 224, 3)
    assert got[0].frames.dtype == np.uint8
    middles = [0.625 + 1.25 * n for n in range(8)]
    assert got[0].times == pytest.approx(middles, abs=0.041)
    assert got[1].times == pytest.approx([10 + t for t in middles], abs=0.041)


def test_a_clip_holds_the_frames_of_its_times(tmp_path):
    path = making.video(tmp_path / "a.mp4", "-g", "30", seconds=20)

    got = next(clips(path, FULL))

    alone = [f.pixels for f in frames_at(path, [float(t) for t in got.times])]
    assert np.array_equal(got.frames, alone)


@pytest.mark.parametrize("extra", [(), ("-g", "1000", "-sc_threshold", "0")], ids=["cuts", "plain"])
def test_scenes_are_found_with_and_without_keyframes_at_them(tmp_path, extra):
    path = making.scenes(tmp_path / "a.mp4", *PICTURES, extra=extra)

    found = schedule(path).scenes

    assert [s.start for s in found] == pytest.approx([0, 6, 12, 18], abs=0.6)
    assert found[-1].end == pytest.approx(24, abs=0.1)


def test_scenes_of_a_long_video_are_found_between_its_keyframes(tmp_path):
    path = making.scenes(
        tmp_path / "a.mp4", "smptebars", "rgbtestsrc", "pal75bars", "smptehdbars", seconds=33,
        extra=("-g", "200", "-keyint_min", "200", "-sc_threshold", "0"),
    )  # fmt: skip

    found = schedule(path).scenes

    assert [s.start for s in found] == pytest.approx([0, 33, 66, 99], abs=0.6)


def test_one_scene_of_movement_is_not_cut(tmp_path):
    path = making.video(tmp_path / "a.mp4", seconds=20)

    assert schedule(path).scenes == (Scene(0.0, 20.0),)


def test_no_clip_crosses_a_cut_and_what_returns_is_seen_once(tmp_path):
    """The fourth scene is the first one again: its time is added to the first one's clip."""
    path = making.scenes(tmp_path / "a.mp4", *PICTURES)

    got = list(clips(path))

    assert sorted(c.scene for c in got) in ([0, 1, 2], [1, 2, 3])
    bars = next(c for c in got if c.scene in (0, 3))
    assert bars.seconds == pytest.approx(12, abs=1)
    assert sum(c.seconds for c in got) == pytest.approx(24, abs=0.1)
    assert all(c.times[0] >= c.start - 0.1 and c.times[-1] < c.end for c in got)


@pytest.mark.slow
def test_every_scene_gets_a_clip_before_any_gets_a_second(tmp_path):
    path = making.scenes(tmp_path / "a.mp4", *CHANGING, seconds=20)
    plan = ClipPlan(skip_near_duplicates=False)
    scenes = len(schedule(path, plan).scenes)

    for budget in (1, 2, 3, 4, 5, 6):
        chosen = schedule(path, ClipPlan(skip_near_duplicates=False, max_clips=budget)).clips

        assert len(chosen) == budget
        assert len({c.scene for c in chosen}) == min(budget, scenes)
        assert sum(c.seconds for c in chosen) == pytest.approx(60, abs=0.2)


def test_a_still_video_costs_one_clip(tmp_path):
    path = making.scenes(tmp_path / "a.mp4", "smptebars", seconds=60)

    chosen = schedule(path)

    assert chosen.full_clips == 7
    assert [c.seconds for c in chosen.clips] == pytest.approx([60.0], abs=0.1)


def test_a_video_shorter_than_a_clip_is_spread_over_it(tmp_path):
    path = making.video(tmp_path / "a.mp4", seconds=0.08)

    (clip,) = clips(path)

    assert clip.frames.shape == (8, 224, 224, 3)
    assert set(clip.times.round(2)) == {0.0, 0.04}


@pytest.mark.parametrize("damaged", [False, True], ids=["whole", "damaged"])
def test_several_decoders_give_what_one_gives(tmp_path, damaged):
    """Where nothing can be decoded any more, the last frame before is still seen."""
    path = making.video(tmp_path / "a.mp4", "-g", "25", "-movflags", "+faststart", seconds=30)
    if damaged:
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2] + bytes(len(data) - len(data) // 2))
    plan = ClipPlan(stride_seconds=0.1, scene_aware=False, skip_near_duplicates=False)
    chosen = schedule(path, plan)

    one = list(read_clips(path, chosen))
    together = list(read_together(path, chosen, decoders=2))

    assert len(one) == 38  # five stretches: each decoder has several
    for a, b in zip(one, together, strict=True):
        assert (a.index, a.start, a.seconds) == (b.index, b.start, b.seconds)
        assert b.times == pytest.approx(a.times, abs=0.1 if damaged else 0)
        assert damaged or np.array_equal(a.frames, b.frames)


def test_several_decoders_end_with_whoever_reads(tmp_path):
    path = making.video(tmp_path / "a.mp4", seconds=12)
    plan = ClipPlan(stride_seconds=0.1, scene_aware=False, skip_near_duplicates=False)

    with closing(read_together(path, schedule(path, plan), decoders=2)) as got:
        first = next(got)

    assert first.index == 0
    assert [t.name for t in threading.enumerate() if t.name.startswith("decode")] == []


def test_stopping_early_ends_the_decoder(tmp_path):
    path = making.video(tmp_path / "a.mp4", seconds=30)

    with closing(clips(path, FULL)) as got:
        first = next(got)

    assert first.index == 0
    assert list(got) == []
