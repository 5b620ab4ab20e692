"""Scenes of a video, from small pictures of it.

A cut is where two neighbouring pictures differ much more than their neighbours do among themselves
(the idea of PySceneDetect's AdaptiveDetector): a panning camera is no cut, a new slide is one.
"""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from gleanery.errors import MediaRefusedError
from media.frames import frames_at
from media.sandbox import Limits, stream

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SMALL = 16
"""Width and height of the small pictures."""
LEAST_DIFFERENCE = 0.015
"""Of a cut, as share of the whole range; compression noise and a cursor stay below it."""
TIMES_NEIGHBOURS = 4.0
"""A cut differs by so many times the median of the four differences before and behind it."""
MIN_SCENE_SECONDS = 1.5
"""A shorter one (a flash, a dissolve) belongs to the scene before it."""
SHORT_SECONDS = 120
"""All of a shorter video is decoded; of a longer one only keyframes, if they are dense enough."""
KEYFRAMES_DENSE_SECONDS = 10.0
"""Between keyframes, in the median; encoders set one at a cut, too, and one each 5 to 10 s."""
KEYFRAME_GAP_SECONDS = 0.2
CUT_SECONDS = 0.5
"""A cut between two keyframes is looked for in steps of this."""
MAX_SECONDS = 24 * 3600
MAX_PICTURES = 20_000
"""Every second one is forgotten beyond it, again and again: memory stays bounded."""


@dataclass(slots=True)
class Look:
    """What one quick pass over a video tells."""

    end_seconds: float = 0.0
    """Measured, whatever the file claims: end of the last frame."""
    keyframes: list[float] = field(default_factory=list)
    frames: int = 0
    times: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    """Seconds, shape ``(n,)``, ascending."""
    pictures: NDArray[np.uint8] = field(
        default_factory=lambda: np.empty((0, SMALL, SMALL, 3), np.uint8)
    )
    """Shape ``(n, 16, 16, 3)``; none if only times were asked for."""

    def note(self, value: dict[str, Any]) -> None:
        """Take down what the end of a pass tells."""
        if "keyframes" in value:
            self.keyframes += value["keyframes"]
        else:
            self.end_seconds, self.frames = float(value["end"]), int(value["frames"])

    @property
    def changes(self) -> NDArray[np.float32]:
        """Mean difference of each picture to the one before, in [0, 1], shape ``(n-1,)``."""
        return _changes(self.pictures)


@dataclass(slots=True, frozen=True)
class Scene:
    """A stretch of time, in seconds; ``end`` is the next scene's ``start``."""

    start: float
    end: float


def look_over(path: Path, gap_seconds: float | None, *, limits: Limits | None = None) -> Look:
    """Read a video through once.

    Args:
        path: The video.
        gap_seconds: Time between small pictures; ``None`` for none at all: nothing is decoded.
        limits: Of the sandbox.

    Raises:
        MediaRefusedError: It has no video stream, not one frame, or runs for more than a day.
    """
    if gap_seconds is None:
        return _scan(path, "times", 1.0, limits)
    look = _scan(path, "key", KEYFRAME_GAP_SECONDS, limits)
    return look if _dense(look) else _scan(path, "ref", gap_seconds, limits)


def find_scenes(path: Path, look: Look, *, limits: Limits | None = None) -> list[Scene]:
    """Return the scenes, in order; they cover the video from 0 to its end."""
    cuts = np.flatnonzero(_cuts(look.changes)) + 1
    starts = [0.0]
    for at in _refined(path, look, cuts, limits):
        if at - starts[-1] >= MIN_SCENE_SECONDS or len(starts) == 1:
            starts.append(at)
    if len(starts) > 1 and look.end_seconds - starts[-1] < MIN_SCENE_SECONDS:
        starts.pop()
    ends = [*starts[1:], look.end_seconds]
    return [Scene(a, b) for a, b in zip(starts, ends, strict=True)]


def _refined(path: Path, look: Look, cuts: NDArray[np.intp], limits: Limits | None) -> list[float]:
    """Return when the cuts are, to half a second: between two keyframes more frames are read."""
    stretches = [
        np.arange(look.times[i - 1], look.times[i] + CUT_SECONDS, CUT_SECONDS)
        for i in cuts
        if look.times[i] - look.times[i - 1] > 3 * CUT_SECONDS
    ]
    found = dict(zip(cuts.tolist(), look.times[cuts].tolist(), strict=True))
    if not stretches:
        return list(found.values())
    times = np.minimum.accumulate(np.concatenate(stretches)[::-1])[::-1]
    reader = frames_at(
        path, times.tolist(), keyframes=look.keyframes, size=SMALL, exact=False, limits=limits
    )
    wide = (i for i in cuts.tolist() if look.times[i] - look.times[i - 1] > 3 * CUT_SECONDS)
    with contextlib.closing(reader) as frames:
        for cut, stretch in zip(wide, stretches, strict=True):
            seen = list(itertools.islice(frames, len(stretch)))
            if len(seen) > 1:
                change = _changes([frame.pixels for frame in seen])
                found[cut] = seen[int(change.argmax()) + 1].at_seconds
    return sorted(found.values())


def _changes(pictures: Sequence[NDArray[np.uint8]] | NDArray[np.uint8]) -> NDArray[np.float32]:
    """Mean difference of each picture to the one before, in [0, 1], shape ``(n-1,)``."""
    sums = (np.abs(b.astype(np.int16) - a).mean() / 255 for a, b in itertools.pairwise(pictures))
    return np.fromiter(sums, np.float32, max(0, len(pictures) - 1))


def _cuts(change: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which pictures, from the second on, begin a scene."""
    around = np.stack([np.roll(change, shift) for shift in (-4, -3, -2, -1, 1, 2, 3, 4)])
    usual = np.median(around, axis=0) if len(change) > 8 else np.zeros_like(change)
    cuts: NDArray[np.bool_] = (change > LEAST_DIFFERENCE) & (change > TIMES_NEIGHBOURS * usual)
    return cuts


def _dense(look: Look) -> bool:
    """Whether keyframes tell enough."""
    if len(look.times) < 3 or look.end_seconds < SHORT_SECONDS:
        return False
    gaps = np.diff(np.append(look.times, look.end_seconds))
    often = np.median(gaps) <= KEYFRAMES_DENSE_SECONDS
    return bool(often and gaps.max() <= 3 * KEYFRAMES_DENSE_SECONDS)


def _scan(path: Path, mode: str, gap_seconds: float, limits: Limits | None) -> Look:
    look = Look()
    times: list[float] = []
    pictures: list[NDArray[np.uint8]] = []
    function = "media.inside.pictures:scan"
    with stream(function, path, gap_seconds, SMALL, mode, limits=limits) as answers:
        for answer in answers:
            if answer.data is None:
                look.note(answer.value)
            elif not times or answer.value["time"] > times[-1]:
                times.append(float(answer.value["time"]))
                pictures.append(answer.data)
            if len(pictures) > MAX_PICTURES:
                del times[1::2], pictures[1::2]
    if pictures:
        look.times, look.pictures = np.array(times), np.stack(pictures)
    elif mode == "ref":
        look.frames = 0
    _check(look)
    return look


def _check(look: Look) -> None:
    if look.frames == 0:
        raise MediaRefusedError("the video has not one frame that can be decoded")
    if look.end_seconds > MAX_SECONDS:
        raise MediaRefusedError(f"the video runs for {look.end_seconds / 3600:.0f} hours")
