"""The clips of one video by several decoders at once: for who computes faster than one reads."""

from __future__ import annotations

import contextlib
import logging
import threading
from bisect import bisect_right
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain, cycle, islice
from typing import TYPE_CHECKING

from gleanery.errors import MediaRefusedError
from media.sampling import Clip, PlannedClip, Schedule, read_clips

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from media.sandbox import Limits

logger = logging.getLogger(__name__)

STRETCH = 8
"""Clips that a decoder reads before it leaves some to the others: 10 MB, a minute of video."""
KEYFRAME_SLACK = 1e-3
"""Seconds by which times of one frame may differ."""


def read_together(
    path: Path, chosen: Schedule, *, decoders: int, limits: Limits | None = None
) -> Generator[Clip, None, None]:
    """Yield what :func:`media.sampling.read_clips` yields, in the same order.

    Decoders take stretches in turn and jump to the keyframe before each, so some frames are
    decoded twice. At most ``decoders + 1`` stretches are in memory. Closing it ends all decoders
    after their next clip.

    Args:
        path: The video.
        chosen: What is read of it.
        decoders: Processes at once, each of one thread: for the same cores half as much again as
            of two. A short video is read by one of two threads.
        limits: Of each of them.
    """
    stretches = [chosen.clips[n : n + STRETCH] for n in range(0, len(chosen.clips), STRETCH)]
    count = min(decoders, len(stretches))
    if count < 2:
        yield from read_clips(path, chosen, limits=limits)
        return
    stop = threading.Event()
    readers = [
        _Reader(path, replace(chosen, clips=tuple(chain(*stretches[n::count]))), limits, stop)
        for n in range(count)
    ]
    pool = ThreadPoolExecutor(count, "decode")
    try:
        left = (
            pool.submit(reader.read, len(stretch))
            for stretch, reader in zip(stretches, cycle(readers), strict=False)
        )
        flying = deque(islice(left, count))
        index = 0
        while flying:
            clips = flying.popleft().result()
            flying.extend(islice(left, 1))
            for clip in clips:
                yield replace(clip, index=index)
                index += 1
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)
        for reader in readers:
            reader.close()


class _Reader:
    """One decoder, which reads its own stretches one after the other."""

    def __init__(
        self, path: Path, own: Schedule, limits: Limits | None, stop: threading.Event
    ) -> None:
        self._stop = stop
        self._clips = _read(path, own, limits)

    def read(self, count: int) -> list[Clip]:
        """Return the next clips, fewer where the video ends or nobody wants them any more.

        Raises:
            MediaRefusedError: As one decoder would that reads all of the video.
        """
        found: list[Clip] = []
        while len(found) < count and not self._stop.is_set():
            clip = next(self._clips, None)
            if clip is None:
                break
            found.append(clip)
        return found

    def close(self) -> None:
        """End the decoder."""
        self._clips.close()


def _read(path: Path, own: Schedule, limits: Limits | None) -> Generator[Clip, None, None]:
    """Yield clips; where the video is damaged, the frame before the damage is still seen."""
    count = 0
    try:
        with contextlib.closing(read_clips(path, own, threads=1, limits=limits)) as clips:
            for clip, planned in zip(clips, own.clips, strict=False):
                if _is_lost(clip, planned, own.keyframes):
                    raise MediaRefusedError("a keyframe cannot be decoded")  # noqa: TRY301
                yield clip
                count += 1
    except MediaRefusedError as error:
        logger.debug("Read from the start: %s", error)
        rest = replace(own, clips=own.clips[count:], keyframes=())
        yield from read_clips(path, rest, threads=1, limits=limits)


def _is_lost(clip: Clip, planned: PlannedClip, keyframes: Sequence[float]) -> bool:
    """Whether a clip begins with a frame before the keyframe from which it had to be read."""
    place = bisect_right(keyframes, planned.times[0])
    return place > 0 and float(clip.times[0]) < keyframes[place - 1] - KEYFRAME_SLACK
