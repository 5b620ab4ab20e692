"""The sound of a file as numbers: one rate, one or two channels, whatever it was stored as."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from media.inside.lateness import late_seconds
from media.inside.opening import open_input
from media.inside.process import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.audio.frame import AudioFrame
    from av.container import InputContainer

BLOCK_BYTES = 1 << 18
"""About what one answer holds: four seconds of 16 kHz mono."""


def samples(fd: int, rate: int, channels: int) -> Iterator[tuple[None, memoryview[float]]]:
    """Yield float32 samples in [-1, 1], channels interleaved; what is broken is left out.

    Sound that begins later than the pictures comes with the silence before it: sample ``n`` is
    heard at ``n / rate`` seconds of the film.

    Raises:
        RefusedError: There is no sound, or nothing of it can be decoded.
    """
    import av

    with open_input(fd) as container:
        if not container.streams.audio or container.streams.audio[0].codec_context is None:
            raise RefusedError("the file has no sound")
        layout = "mono" if channels == 1 else "stereo"
        resampler = av.AudioResampler(format="flt", layout=layout, rate=rate)
        late = late_seconds(container, container.streams.audio[0])
        held = bytearray()
        empty = True
        for frame in chain(_frames(container), [None]):
            for changed in resampler.resample(frame):
                if empty:
                    yield from _silence(round(late * rate) * channels)
                    empty = False
                held += memoryview(changed.planes[0])[: changed.samples * channels * 4]
            if len(held) >= BLOCK_BYTES or (frame is None and held):
                yield None, memoryview(bytes(held)).cast("f")
                held.clear()
        if empty:
            raise RefusedError("nothing of the sound can be decoded")


def _silence(count: int) -> Iterator[tuple[None, memoryview[float]]]:
    for start in range(0, count, BLOCK_BYTES // 4):
        yield None, memoryview(bytes(4 * min(BLOCK_BYTES // 4, count - start))).cast("f")


def _frames(container: InputContainer) -> Iterator[AudioFrame]:
    import av

    packets = container.demux(container.streams.audio[0])
    while True:
        try:
            packet = next(packets, None)
        except av.error.FFmpegError:  # truncated: what came before is good
            return
        if packet is None:
            return
        try:
            yield from packet.decode()
        except av.error.MemoryError:
            raise
        except av.error.FFmpegError:
            continue
