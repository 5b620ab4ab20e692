"""Frames of a video as a model sees them: upright, square, uint8 RGB. Decoded in the sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from media.hdr import tone_mapped
from media.sandbox import Limits, stream

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SIZE = 224
"""Width and height; TimeSformer and most video models are trained on it."""
THREADS = 2
"""Of a decoder that reads alone."""
STRIDE_SECONDS = 32 / 30
"""Time between two frames: Kinetics models take each 32nd of 30 frames a second."""


@dataclass(slots=True, frozen=True, kw_only=True)
class FramePlan:
    """Which frames to take: one each ``stride_seconds``, from the video's start to its end."""

    stride_seconds: float = STRIDE_SECONDS
    max_frames: int | None = None
    """Beyond it the frames lie farther apart, so that they still cover the whole video."""
    size: int = SIZE


@dataclass(slots=True, frozen=True)
class Frame:
    """One frame."""

    index: int
    """Which of the wanted ones it is, from 0."""
    at_seconds: float
    """When it begins to be seen, since the container's start."""
    pixels: NDArray[np.uint8]
    """Shape ``(size, size, 3)``, RGB: shortest edge scaled to ``size``, centre cut out, upright."""


def sample_frames(
    path: Path, plan: FramePlan | None = None, *, limits: Limits | None = None
) -> Generator[Frame, None, None]:
    """Yield frames at equal distances; each stands for the stretch of time around it.

    Raises:
        MediaRefusedError: The file has no video, is broken, or a limit was passed.
    """
    from media.scenes import look_over  # noqa: PLC0415 - scenes need frames, too

    plan = plan or FramePlan()
    look = look_over(path, None, limits=limits)
    count = max(1, round(look.end_seconds / plan.stride_seconds))
    count = min(count, plan.max_frames or count)
    gap = look.end_seconds / count
    times = [(i + 0.5) * gap for i in range(count)]
    return frames_at(path, times, keyframes=look.keyframes, size=plan.size, limits=limits)


def frames_at(
    path: Path,
    times: Sequence[float],
    *,
    keyframes: Sequence[float] = (),
    size: int = SIZE,
    exact: bool = True,
    threads: int = THREADS,
    limits: Limits | None = None,
) -> Generator[Frame, None, None]:
    """Yield the frame that is seen at each of ``times``, one in memory at a time.

    Args:
        path: The video.
        times: Seconds, in ascending order. One behind the end gives the last frame.
        keyframes: Times to which the decoder may jump; none: it decodes from the start.
        size: Width and height of the frames.
        exact: Else a frame up to three before, a bit blocky, for half the cost.
        threads: Of the decoder.
        limits: Of the sandbox.
    """
    answers = stream(
        "media.inside.pictures:pick",
        path,
        [round(t, 6) for t in times],
        list(keyframes),
        size,
        exact,
        threads,
        limits=limits,
    )
    with answers:
        for answer in answers:
            yield Frame(int(answer.value["index"]), float(answer.value["time"]), upright(answer))


def upright(answer: Any) -> NDArray[np.uint8]:
    """Turn a frame as its rotation says, and bring high dynamic range to what models know."""
    pixels = answer.data
    if answer.value["hdr"]:
        pixels = tone_mapped(pixels, answer.value["hdr"])
    turns = -int(answer.value["turn"]) // 90  # NumPy turns anticlockwise
    return np.ascontiguousarray(np.rot90(pixels, turns))
