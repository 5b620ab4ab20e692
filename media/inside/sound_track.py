"""Copy the sound of a file into one of its own, packet by packet, without decoding it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from media.inside.lateness import begin_seconds
from media.inside.opening import open_input
from media.inside.process import RefusedError

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.packet import Packet


def copy_sound(source: int, target: int, container: str) -> int:
    """Write the first sound track; return the number of its packets.

    Its times count from the film's start, where the container can hold that.

    Args:
        source: Descriptor of the file.
        target: Descriptor of an empty file, for writing.
        container: FFmpeg's name of the format to write.

    Raises:
        RefusedError: There is no sound, it is broken, or it does not fit into that container.
    """
    import av

    with open_input(source) as opened, os.fdopen(target, "wb", closefd=False) as file:
        if not opened.streams.audio:
            raise RefusedError("the file has no sound")
        try:
            with av.open(file, "w", format=container) as out:
                sound = opened.streams.audio[0]
                stream = out.add_stream_from_template(sound)
                begin = max(0.0, begin_seconds(opened)) / float(sound.time_base or 1)
                count = 0
                for packet in opened.demux(sound):
                    if packet.dts is not None:  # the last one only says that it is over
                        _move(packet, -round(begin))
                        packet.stream = stream
                        out.mux_one(packet)
                        count += 1
        except av.error.FFmpegError as error:
            raise RefusedError(f"the sound cannot be copied: {error.strerror}") from error
    if not count:
        raise RefusedError("the sound track is empty")
    return count


def _move(packet: Packet[AudioStream], ticks: int) -> None:
    if packet.dts is not None:
        packet.dts += ticks
    if packet.pts is not None:
        packet.pts += ticks
