"""Frames that come with a call, and clips of frames."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gleanery.errors import ModelToolError
from media.sampling import Schedule
from media.together import read_together
from model_server.media_schema import MAX_FRAMES
from model_server.pieces import Pixels

SIZE = 224
"""Width and height in pixels."""
CLIP_FRAMES = 8
FRAME_BYTES = SIZE * SIZE * 3


@dataclass(slots=True, kw_only=True, frozen=True, eq=False)
class TimedClip:
    """Eight frames and their times."""

    times: Sequence[float]
    """Seconds from the beginning, not falling; ``(8,)``."""
    frames: Pixels
    seconds: float = 1.0
    """Time of the video for which it stands: its weight in the video's vector."""


def clips_of_file(
    path: Path, chosen: Schedule, *, readers: int
) -> Generator[TimedClip, None, None]:
    """Yield the clips chosen of a video, read by so many decoders; closing it ends them.

    Raises:
        MediaRefusedError: The video cannot be decoded.
    """
    with closing(read_together(path, chosen, decoders=readers)) as clips:
        for clip in clips:
            yield TimedClip(
                times=clip.times.tolist(), frames=clip.frames, seconds=max(clip.seconds, 1e-3)
            )


def decode_frames(text: str) -> NDArray[np.uint8]:
    """Return frames ``(n, 224, 224, 3)`` from base64.

    Raises:
        ModelToolError: It is not base64, no whole number of frames, or too many.
    """
    if len(text) > MAX_FRAMES * FRAME_BYTES * 4 // 3 + 4:
        raise ModelToolError(f"more than {MAX_FRAMES} frames in one call: send the video as a file")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ModelToolError("frames are not base64") from error
    if not data or len(data) % FRAME_BYTES:
        raise ModelToolError(
            f"{len(data)} bytes are no whole number of frames: each is {SIZE} x {SIZE} pixels of "
            f"red, green and blue, {FRAME_BYTES} bytes"
        )
    return np.frombuffer(data, np.uint8).reshape(-1, SIZE, SIZE, 3)


def check_times(times: Sequence[float] | None, count: int) -> list[float]:
    """Return the time of each frame; by default one a second.

    Raises:
        ModelToolError: There are not as many as frames, or they fall.
    """
    if times is None:
        return [float(n) for n in range(count)]
    if len(times) != count:
        raise ModelToolError(f"{len(times)} times for {count} frames")
    if not all(0 <= a <= b for a, b in zip([0.0, *times], times, strict=False)):
        raise ModelToolError("times must be finite, at least 0, and not fall")
    return list(times)


def clips_of(frames: NDArray[np.uint8], times: Sequence[float]) -> Iterator[TimedClip]:
    """Yield eight frames at a time; the last clip is filled up with its last frame."""
    for start in range(0, len(frames), CLIP_FRAMES):
        own, at = frames[start : start + CLIP_FRAMES], list(times[start : start + CLIP_FRAMES])
        missing = CLIP_FRAMES - len(own)
        filled = np.concatenate([own, np.repeat(own[-1:], missing, axis=0)]) if missing else own
        yield TimedClip(times=at + at[-1:] * missing, frames=filled)
