"""Decode pictures: small ones of the whole video to find scenes, chosen ones in full.

Times are seconds since the container's own start, from each frame's timestamp, never from its
number: frames of a variable rate lie anywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from media.inside.facts import HDR_TRANSFERS, clockwise
from media.inside.opening import MAX_PIXELS, open_input, video_stream
from media.inside.process import RefusedError
from media.inside.timing import SLOW_FRAME_SECONDS, Chosen, Clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

LONGEST_TO_SHORTEST = 16
"""A frame narrower than this is no picture of anything, and scaling it up would take memory."""
KEYFRAMES_AT_ONCE = 2000
SCAN_THREADS = 2
"""Of the decoder; the model beside it wants the others."""


def scan(fd: int, gap_seconds: float, size: int, mode: str) -> Iterator[Any]:
    """Yield small pictures of the whole video, then what was learned of its times.

    Args:
        fd: The file.
        gap_seconds: At least so much lies between two pictures.
        size: Width and height of the pictures; their shape is not kept.
        mode: ``key``: keyframes only; ``ref``: all frames that others refer to, without the
            loop filter; ``times``: no pictures, packets are only counted.

    Yields:
        ``({"time"}, uint8 RGB (size, size, 3))`` in order of time; then ``{"keyframes": [...]}``
        in parts and ``{"end": seconds, "frames": packets}``.
    """
    with open_input(fd) as container:
        stream = video_stream(container)
        clock = Clock(container, stream)
        _set_up(stream, SCAN_THREADS)
        if mode == "key":
            stream.codec_context.skip_frame = "NONKEY"
        elif mode == "ref":
            stream.codec_context.options |= {"skip_loop_filter": "all"}
            if clock.frame_seconds > SLOW_FRAME_SECONDS:  # all of few: each is seen for long
                stream.codec_context.skip_frame = "DEFAULT"
        due = 0.0
        for frame in _scanned(container, stream, clock, decode=mode != "times"):
            at = clock.seconds(frame)
            if at + 1e-6 >= due:
                due = at + gap_seconds
                small = frame.reformat(size, size, "rgb24", interpolation="AREA", threads=1)
                yield {"time": at}, _cut(small, 0, 0, size, size)
        keys = sorted(clock.keyframes)
        for first in range(0, len(keys), KEYFRAMES_AT_ONCE):
            yield {"keyframes": keys[first : first + KEYFRAMES_AT_ONCE]}
        yield {"end": clock.end, "frames": clock.frames}


def pick(  # noqa: PLR0917 - the sandbox passes no keywords
    fd: int, times: list[float], keyframes: list[float], size: int, exact: bool, threads: int
) -> Iterator[Any]:
    """Yield the frame that is seen at each of ``times``, which are in order.

    Seeks where a keyframe lies between the last frame and the next one wanted: nothing is decoded
    in vain. Frames that no other refers to are decoded only near a wanted time, and never if not
    ``exact``, which also leaves out the loop filter: half the cost, for a glance.

    Yields:
        ``({"index", "time", "turn", "hdr"}, uint8 RGB (size, size, 3))``: the shortest edge
        scaled to ``size``, the centre cut out; ``turn`` degrees clockwise are still to be done.
        A time after the last frame gives the last frame.
    """
    with open_input(fd) as container:
        stream = video_stream(container)
        _set_up(stream, threads)
        if not exact:
            stream.codec_context.options |= {"skip_loop_filter": "all"}
        chosen, shape = Chosen(times, keyframes, exact=exact), _pixel_shape(stream)
        shown = None
        clock = Clock(container, stream)
        for frame in _decoded(container, stream, clock, chosen):
            at = clock.seconds(frame)
            if shown is not None or at > chosen.due:
                yield from _given(shown or (at, frame), chosen.take(at), size, shape)
            shown = (at, frame)
            if chosen.done:
                return
        if shown is None:
            raise RefusedError("not one frame can be decoded (too little memory, perhaps)")
        yield from _given(shown, chosen.take(float("inf")), size, shape)


def _given(
    shown: tuple[float, VideoFrame], wanted: list[int], size: int, shape: float
) -> Iterator[Any]:
    """Yield the frame shown for each of the ``wanted`` times, converted once."""
    at, frame = shown
    if not wanted:
        return
    turn, hdr = clockwise(frame), HDR_TRANSFERS.get(int(frame.color_trc))
    picture = square(frame, size, shape)
    for index in wanted:
        yield {"index": index, "time": at, "turn": turn, "hdr": hdr}, picture


def _set_up(stream: VideoStream, threads: int) -> None:
    stream.codec_context.skip_frame = "NONREF"
    stream.codec_context.thread_count = threads
    stream.thread_type = "AUTO"


def _scanned(
    container: InputContainer, stream: VideoStream, clock: Clock, *, decode: bool
) -> Iterator[VideoFrame]:
    """Decode all packets that can be decoded; a broken one is passed over."""
    for packet in _packets(container, stream):
        clock.count(packet)
        if decode:
            yield from _frames(packet)


def _decoded(
    container: InputContainer, stream: VideoStream, clock: Clock, chosen: Chosen
) -> Iterator[VideoFrame]:
    """Decode towards the time wanted next, from the keyframe before it."""
    at, earlier = -1.0, 0.0
    while not chosen.done:
        key = chosen.keyframe_before_due()
        sought = key is not None and (earlier > 0 or key > at + clock.frame_seconds)
        if sought:
            goal = max(0.0, (key or 0.0) - earlier) + clock.start
            container.seek(int(goal / clock.base), stream=stream, backward=True)
        began = chosen.due
        for frame in _until_far(container, stream, clock, chosen, began):
            at = clock.seconds(frame)
            if sought and at > chosen.due and (key or 0.0) > earlier:
                earlier = max(1.0, 4 * earlier)  # no exact index (MPEG-TS): it landed behind
                break
            sought, earlier = False, 0.0
            yield frame
        else:
            if chosen.due_or_none() in (began, None):
                return


def _until_far(
    container: InputContainer, stream: VideoStream, clock: Clock, chosen: Chosen, began: float
) -> Iterator[VideoFrame]:
    """Decode until another keyframe lies between here and the time wanted next, or to the end."""
    for packet in _packets(container, stream):
        near = chosen.near(clock.packet_seconds(packet), clock.frame_seconds)
        stream.codec_context.skip_frame = "DEFAULT" if near else "NONREF"
        at = None
        for frame in _frames(packet):
            at = clock.seconds(frame)
            yield frame
        due = chosen.due_or_none()
        if due is None or (at is not None and due != began and _farther(chosen, at, clock)):
            return


def _farther(chosen: Chosen, at: float, clock: Clock) -> bool:
    """Whether another keyframe lies between here and the time wanted next."""
    key = chosen.keyframe_before_due()
    return key is not None and key > at + 2 * clock.frame_seconds


def _packets(container: InputContainer, stream: VideoStream) -> Iterator[Any]:
    import av

    try:
        yield from container.demux(stream)
    except av.error.MemoryError:
        raise
    except av.error.FFmpegError:
        return  # the file is cut off here: what came before is good


def _frames(packet: Any) -> list[VideoFrame]:
    import av

    try:
        frames: list[VideoFrame] = packet.decode()
    except av.error.MemoryError:
        raise
    except av.error.FFmpegError:
        return []
    return frames


def _pixel_shape(stream: VideoStream) -> float:
    """Width of a pixel for each height; films from DVD have others than 1."""
    shape = float(stream.sample_aspect_ratio or 1)
    return shape if 0.25 <= shape <= 4 else 1.0


def square(frame: VideoFrame, size: int, pixel_shape: float) -> memoryview:
    """Scale the shortest edge to ``size`` (bilinear over the area), cut out the centre.

    Returns:
        uint8 RGB, shape ``(size, size, 3)``, not yet turned upright.
    """
    width, height = frame.width * pixel_shape, float(frame.height)
    if frame.width * frame.height > MAX_PIXELS:
        raise RefusedError(f"frames of {frame.width}×{frame.height} are too large")
    if max(width, height) > LONGEST_TO_SHORTEST * min(width, height):
        raise RefusedError(f"frames of {frame.width}×{frame.height} are too narrow")
    scale = size / min(width, height)
    wide, high = max(size, round(width * scale)), max(size, round(height * scale))
    scaled = frame.reformat(wide, high, "rgb24", interpolation=_scaling(), threads=1)
    turn = clockwise(frame)
    # Centred as it would be had the frame been turned before: the odd pixel is on the other side.
    left = (wide - size + (turn in (180, 270))) // 2
    top = (high - size + (turn in (90, 180))) // 2
    return _cut(scaled, left, top, size, size)


def _scaling() -> int:
    """Bilinear over the area; without the two flags colours come out up to 2 of 255 too dark."""
    from av.video.reformatter import Interpolation

    flags = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
    return int(flags)


def _cut(frame: VideoFrame, left: int, top: int, width: int, height: int) -> memoryview:
    """Copy a rectangle of packed RGB out of a frame whose lines may be longer than it."""
    plane = frame.planes[0]
    view, line = memoryview(plane), plane.line_size
    data = b"".join(
        view[y * line + left * 3 : y * line + (left + width) * 3] for y in range(top, top + height)
    )
    return memoryview(data).cast("B", (height, width, 3))
