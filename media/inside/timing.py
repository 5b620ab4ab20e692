"""Which frame is seen when, and which of them are wanted."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

SLOW_FRAME_SECONDS = 0.05
FRAMES_NEAR = 4
"""A frame that no other refers to is decoded if a wanted time lies in the next so many frames."""
_US = 1_000_000


class Clock:
    """Turns timestamps into seconds since the container's start, and remembers what it saw."""

    def __init__(self, container: InputContainer, stream: VideoStream) -> None:
        self.base = float(stream.time_base or 0) or 1 / _US
        start = container.start_time
        self.start = start / _US if start is not None else float(stream.start_time or 0) * self.base
        rate = stream.average_rate or stream.guessed_rate
        self.frame_seconds = min(1.0, 1 / float(rate)) if rate else 0.04
        self.keyframes: list[float] = []
        self.frames = 0
        self.end = 0.0
        self._last = 0.0

    def seconds(self, frame: VideoFrame) -> float:
        """When the frame is shown; one without a timestamp follows the one before."""
        if frame.pts is None:
            self._last += self.frame_seconds
        else:
            self._last = max(0.0, frame.pts * self.base - self.start)
        return round(self._last, 6)

    def packet_seconds(self, packet: Any) -> float | None:
        return None if packet.pts is None else float(packet.pts * self.base - self.start)

    def count(self, packet: Any) -> None:
        """Take a packet's times down."""
        if not packet.size:
            return
        self.frames += 1
        pts = packet.pts if packet.pts is not None else packet.dts
        if pts is None:
            self.end = max(self.end, self.frames * self.frame_seconds)
            return
        at = max(0.0, pts * self.base - self.start)
        length = (packet.duration or 0) * self.base or self.frame_seconds
        self.end = max(self.end, at + length)
        if packet.is_keyframe:
            self.keyframes.append(round(at, 6))


class Chosen:
    """The times wanted, and which of them is next."""

    def __init__(self, times: list[float], keyframes: list[float], *, exact: bool) -> None:
        self._times, self._keyframes, self._exact = times, keyframes, exact
        self._next = 0

    @property
    def done(self) -> bool:
        return self._next >= len(self._times)

    @property
    def due(self) -> float:
        return self._times[self._next]

    def due_or_none(self) -> float | None:
        return None if self.done else self.due

    def near(self, at: float | None, frame_seconds: float) -> bool:
        """Whether the frame that begins at ``at`` may be the one seen at a wanted time."""
        if at is None or not self._exact:
            return self._exact or frame_seconds > SLOW_FRAME_SECONDS
        place = bisect_left(self._times, at - 1e-6)
        return place < len(self._times) and self._times[place] - at < FRAMES_NEAR * frame_seconds

    def keyframe_before_due(self) -> float | None:
        """The last keyframe at or before the time wanted next."""
        place = bisect_right(self._keyframes, self.due + 1e-6)
        return self._keyframes[place - 1] if place else None

    def take(self, until: float) -> list[int]:
        """Return the numbers of the wanted times before ``until``: they are served."""
        first = self._next
        while not self.done and self.due < until:
            self._next += 1
        return list(range(first, self._next))
