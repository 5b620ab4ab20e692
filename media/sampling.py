"""Which parts of a video a model sees: clips of 8 frames, as few as tell what is in it.

The model is nearly all of the cost, so the number of clips is. See docs/video_sampling.md.
"""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gleanery.errors import MediaRefusedError
from media.choosing import Window, choose
from media.frames import STRIDE_SECONDS, THREADS, frames_at
from media.scenes import Scene, find_scenes, look_over

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from media.sandbox import Limits

FRAMES_PER_CLIP = 8
MAX_CLIPS = 20_000


@dataclass(slots=True, frozen=True, kw_only=True)
class ClipPlan:
    """How to choose clips; the defaults are cheap, ``FULL`` is the whole video."""

    stride_seconds: float = STRIDE_SECONDS
    """Time between two frames of a clip, about: clips of equal length fill a scene."""
    max_clips: int | None = None
    """The budget: every scene gets a clip before any gets a second, unlike scenes first."""
    scene_aware: bool = True
    """No clip crosses a cut."""
    skip_near_duplicates: bool = True
    """A stretch that looks like one already chosen adds its time to that one's ``seconds``."""


FULL = ClipPlan(scene_aware=False, skip_near_duplicates=False)
"""Clip after clip from the start to the end."""


@dataclass(slots=True, frozen=True)
class PlannedClip:
    """A clip that will be read."""

    times: tuple[float, ...]
    """Of its frames, in seconds."""
    start: float
    end: float
    scene: int
    """Which scene it is of, from 0."""
    seconds: float
    """Time of the video for which it stands: its weight in a mean over the video."""


@dataclass(slots=True, frozen=True)
class Schedule:
    """What will be read of a video."""

    clips: tuple[PlannedClip, ...]
    """In order of time."""
    scenes: tuple[Scene, ...]
    duration_seconds: float
    """Measured, not as claimed."""
    full_clips: int
    """How many clips the whole video would be."""
    keyframes: tuple[float, ...] = ()


@dataclass(slots=True, frozen=True)
class Clip:
    """8 frames of a video."""

    index: int
    times: NDArray[np.float64]
    """Shape ``(8,)``: when each frame begins to be seen."""
    frames: NDArray[np.uint8]
    """Shape ``(8, 224, 224, 3)``, RGB, upright."""
    scene: int
    start: float
    end: float
    seconds: float
    """See :class:`PlannedClip`."""


def schedule(path: Path, plan: ClipPlan | None = None, *, limits: Limits | None = None) -> Schedule:
    """Read a video through once, cheaply, and choose its clips.

    Raises:
        MediaRefusedError: No video, nothing to decode, longer than a day, or a limit was passed.
    """
    plan = plan or ClipPlan()
    looks = plan.scene_aware or plan.skip_near_duplicates or plan.max_clips is not None
    look = look_over(path, plan.stride_seconds / 2 if looks else None, limits=limits)
    whole = [Scene(0.0, look.end_seconds)]
    scenes = find_scenes(path, look, limits=limits) if plan.scene_aware else whole
    span = plan.stride_seconds * FRAMES_PER_CLIP
    windows = [w for n, scene in enumerate(scenes) for w in _windows(scene, n, span)]
    if len(windows) > MAX_CLIPS:
        raise MediaRefusedError(f"more than {MAX_CLIPS} clips: choose a longer stride_seconds")
    chosen = choose(
        look, windows, max_clips=plan.max_clips, skip_near_duplicates=plan.skip_near_duplicates
    )
    return Schedule(
        clips=tuple(_planned(window, seconds) for window, seconds in chosen),
        scenes=tuple(scenes),
        duration_seconds=look.end_seconds,
        full_clips=max(1, round(look.end_seconds / span)),
        keyframes=tuple(look.keyframes),
    )


def read_clips(
    path: Path, chosen: Schedule, *, threads: int = THREADS, limits: Limits | None = None
) -> Generator[Clip, None, None]:
    """Yield the clips of a schedule; only those being read are in memory.

    Close the iterator (``contextlib.closing``) to stop early: that ends the decoder.
    """
    times = [t for clip in chosen.clips for t in clip.times]
    reader = frames_at(path, times, keyframes=chosen.keyframes, threads=threads, limits=limits)
    with contextlib.closing(reader) as frames:
        for index, clip in enumerate(chosen.clips):
            seen = list(itertools.islice(frames, FRAMES_PER_CLIP))
            if not seen:
                return  # the file ends before its packets said it would
            seen += [seen[-1]] * (FRAMES_PER_CLIP - len(seen))
            yield Clip(
                index,
                np.array([frame.at_seconds for frame in seen]),
                np.stack([frame.pixels for frame in seen]),
                clip.scene,
                clip.start,
                clip.end,
                clip.seconds,
            )


def clips(
    path: Path, plan: ClipPlan | None = None, *, limits: Limits | None = None
) -> Generator[Clip, None, None]:
    """Choose the clips of a video and yield them."""
    return read_clips(path, schedule(path, plan, limits=limits), limits=limits)


def _windows(scene: Scene, number: int, span: float) -> Iterator[Window]:
    """Part a scene into equal stretches of about ``span`` seconds."""
    length = scene.end - scene.start
    count = max(1, round(length / span))
    for n in range(count):
        yield Window(
            scene.start + length * n / count, scene.start + length * (n + 1) / count, number
        )


def _planned(window: Window, seconds: float) -> PlannedClip:
    step = (window.end - window.start) / FRAMES_PER_CLIP
    times = tuple(window.start + (n + 0.5) * step for n in range(FRAMES_PER_CLIP))
    return PlannedClip(times, window.start, window.end, window.scene, seconds)
