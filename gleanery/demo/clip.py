"""Clips of the sample video site, drawn here: uncompressed AVI, which players and OpenCV read.

Format: RIFF AVI 1.0 (Microsoft, "AVI RIFF File Reference"), one stream of bottom-up BGR frames.
"""

from __future__ import annotations

import struct

WIDTH, HEIGHT = 96, 56
FRAMES_PER_SECOND = 8
FRAMES = 24
"""Three seconds."""


def make_clip(colours: list[str]) -> bytes:
    """Draw a square that crosses a two-coloured field.

    Args:
        colours: Background and square, ``#rrggbb``.
    """
    back, front = (_bgr(colour) for colour in colours[:2])
    return _avi([_frame(number, back, front) for number in range(FRAMES)])


def _bgr(colour: str) -> bytes:
    return bytes.fromhex(colour.removeprefix("#"))[::-1]


def _frame(number: int, back: bytes, front: bytes) -> bytes:
    side = 20
    left = (WIDTH - side) * number // (FRAMES - 1)
    plain = back * WIDTH
    crossed = back * left + front * side + back * (WIDTH - side - left)
    floor = bytes(channel * 3 // 4 for channel in back) * WIDTH
    middle = range((HEIGHT - side) // 2, (HEIGHT + side) // 2)
    rows = (floor if y < 10 else crossed if y in middle else plain for y in range(HEIGHT))
    return b"".join(rows)


def _avi(frames: list[bytes]) -> bytes:
    size = len(frames[0])
    micro = 1_000_000 // FRAMES_PER_SECOND
    has_index = 0x10
    main = struct.pack(
        "<14I", micro, size * FRAMES_PER_SECOND, 0, has_index, len(frames), 0, 1, size,
        WIDTH, HEIGHT, 0, 0, 0, 0,
    )  # fmt: skip
    stream = struct.pack(
        "<4s4sIHHIIIIIIII4H", b"vids", b"DIB ", 0, 0, 0, 0, 1, FRAMES_PER_SECOND, 0,
        len(frames), size, 0xFFFFFFFF, 0, 0, 0, WIDTH, HEIGHT,
    )  # fmt: skip
    bitmap = struct.pack("<IiiHHIIiiII", 40, WIDTH, HEIGHT, 1, 24, 0, size, 0, 0, 0, 0)
    header = _list(
        b"hdrl",
        _chunk(b"avih", main) + _list(b"strl", _chunk(b"strh", stream) + _chunk(b"strf", bitmap)),
    )
    movie = _list(b"movi", b"".join(_chunk(b"00db", frame) for frame in frames))
    step = size + 8
    key_frame = 0x10
    index = b"".join(
        struct.pack("<4sIII", b"00db", key_frame, 4 + step * n, size) for n in range(len(frames))
    )
    body = b"AVI " + header + movie + _chunk(b"idx1", index)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _list(name: bytes, data: bytes) -> bytes:
    return _chunk(b"LIST", name + data)
