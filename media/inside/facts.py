"""Facts of a file, from its headers and its first frame."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, Any

from media.inside.lateness import late_seconds
from media.inside.opening import is_cover, open_input, video_stream

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame

HDR_TRANSFERS = {16: "pq", 18: "hlg"}
"""SMPTE ST 2084 and ARIB STD-B67, by their numbers in ITU-T H.273."""
PACKETS_READ = 500
FRAMES_OUT_OF_ORDER = 16
"""The last packets read may lack frames that are shown before them and stored behind them."""
_MOST_SECONDS = 10 * 365 * 86400


def facts(fd: int) -> dict[str, Any]:
    """Return what ``media.probe.Facts`` is made of."""
    with open_input(fd) as container:
        found: dict[str, Any] = {
            "container": container.format.name.split(",")[0],
            "size": os.fstat(fd).st_size,
            "duration_seconds": _duration(container),
        }
        found |= _sound(container)
        if any(not is_cover(s) for s in container.streams.video):
            found |= _pictures(container)
        return found


def _duration(container: InputContainer) -> float | None:
    if container.duration is not None and container.duration > 0:
        seconds = container.duration / 1_000_000
    else:
        lengths = [
            float(s.duration * s.time_base)
            for s in container.streams
            if s.duration and s.time_base and s.type in ("video", "audio")
        ]
        seconds = max(lengths, default=0.0)
    return round(seconds, 3) if 0 < seconds < _MOST_SECONDS else None


def _sound(container: InputContainer) -> dict[str, Any]:
    for stream in container.streams.audio:
        codec = stream.codec_context
        if codec is not None:
            return {
                "audio_codec": codec.name,
                "sample_rate": codec.sample_rate or None,
                "channels": codec.channels or None,
                "sound_late_seconds": late_seconds(container, stream) or None,
            }
    return {}


def _pictures(container: InputContainer) -> dict[str, Any]:
    stream = video_stream(container)
    codec = stream.codec_context
    first, times = _beginning(container)
    rotation = clockwise(first)
    width, height = codec.width, codec.height
    if rotation in (90, 270):
        width, height = height, width
    average = stream.average_rate
    return {
        "video_codec": codec.name,
        "width": width,
        "height": height,
        "rotation": rotation,
        "fps": round(float(average), 3) if average else None,
        "variable_frame_rate": _varies(times),
        "hdr": HDR_TRANSFERS.get(int(first.color_trc)) if first is not None else None,
    }


def _beginning(container: InputContainer) -> tuple[VideoFrame | None, list[int]]:
    """Read the first packets: the first frame they give, if any, and their timestamps, sorted.

    Only a decoded frame tells rotation and colours for certain.
    """
    import av

    first, times = None, []
    try:
        for packet in itertools.islice(container.demux(video_stream(container)), PACKETS_READ):
            if packet.size and packet.pts is not None:
                times.append(packet.pts)
            if first is None:
                first = next(iter(packet.decode()), None)
    except av.error.MemoryError:
        raise
    except av.error.FFmpegError:
        pass  # broken here: what was read before is told
    return first, sorted(times)


def clockwise(frame: VideoFrame | None) -> int:
    """Return by how much a frame must be turned clockwise to be seen upright: 0, 90, 180, 270."""
    if frame is None:
        return 0
    return round(-frame.rotation / 90) % 4 * 90


def _varies(times: list[int]) -> bool:
    gaps = [b - a for a, b in itertools.pairwise(times[:-FRAMES_OUT_OF_ORDER] or times)]
    return bool(gaps) and max(gaps) > 1.5 * max(1, min(gaps))
