"""The clips of one video by several decoders at once: for who computes faster than one reads."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

from gleanery.errors import MediaRefusedError
from media.sampling import Clip, PlannedClip, Schedule, read_clips

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from media.sandbox import Limits

logger = logging.getLogger(__name__)

STRETCH = 8
"""Clips that a decoder reads before it takes others: 10 MB, about a minute of video."""


def read_together(
    path: Path, chosen: Schedule, *, decoders: int, limits: Limits | None = None
) -> Generator[Clip, None, None]:
    """Yield what :func:`media.sampling.read_clips` yields, in the same order.

    Each decoder jumps to the keyframe before its stretch, so some frames are decoded twice. At most
    ``decoders + 1`` stretches are in memory. Closing it ends all decoders after their next clip.

    Args:
        path: The video.
        chosen: What is read of it.
        decoders: Processes at once, each of two threads; a short video gets one.
        limits: Of each of them.
    """
    stretches = [chosen.clips[n : n + STRETCH] for n in range(0, len(chosen.clips), STRETCH)]
    if min(decoders, len(stretches)) < 2:
        yield from read_clips(path, chosen, limits=limits)
        return
    reader = _Reader(path, chosen, limits)
    pool = ThreadPoolExecutor(decoders, "decode")
    try:
        left = (pool.submit(reader.read, stretch) for stretch in stretches)
        flying: deque[Future[list[Clip]]] = deque(islice(left, decoders))
        count = 0
        while flying:
            clips = flying.popleft().result()
            flying.extend(islice(left, 1))
            for clip in clips:
                yield replace(clip, index=count)
                count += 1
    finally:
        reader.stop.set()
        pool.shutdown(cancel_futures=True)


@dataclass(slots=True)
class _Reader:
    path: Path
    chosen: Schedule
    limits: Limits | None
    stop: threading.Event = field(default_factory=threading.Event)

    def read(self, clips: tuple[PlannedClip, ...]) -> list[Clip]:
        """Return the clips of one stretch.

        Raises:
            MediaRefusedError: As one decoder would that reads all of the video.
        """
        stretch = replace(self.chosen, clips=clips)
        try:
            return self._read(stretch)
        except MediaRefusedError as error:
            # behind a damaged keyframe the frame before it is still seen
            logger.debug("Read from the start: %s", error)
            return self._read(replace(stretch, keyframes=()))

    def _read(self, stretch: Schedule) -> list[Clip]:
        found: list[Clip] = []
        with contextlib.closing(read_clips(self.path, stretch, limits=self.limits)) as clips:
            for clip in clips:
                found.append(clip)
                if self.stop.is_set():
                    break
        return found
