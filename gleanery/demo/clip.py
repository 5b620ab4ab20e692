"""Clips of the sample video site, drawn here: uncompressed AVI, which players and OpenCV read.

Format: RIFF AVI 1.0 (Microsoft, "AVI RIFF File Reference"), one stream of I420 frames.
"""

from __future__ import annotations

import struct

WIDTH, HEIGHT = 96, 56
SIDE = 20
"""Of the square, in pixels."""
FRAMES_PER_SECOND = 8
FRAMES = 24
"""Three seconds."""


def make_clip(colours: list[str]) -> bytes:
    """Draw a square that crosses a two-coloured field.

    Args:
        colours: Background and square, ``#rrggbb``.
    """
    back, front = (_yuv(colour) for colour in colours[:2])
    return _avi([_frame(number, back, front) for number in range(FRAMES)])


def _yuv(colour: str) -> tuple[int, int, int]:
    """Convert by ITU-R BT.601, studio range, as decoders of small pictures assume."""
    red, green, blue = (value / 255 for value in bytes.fromhex(colour.removeprefix("#")))
    luma = 16 + 65.481 * red + 128.553 * green + 24.966 * blue
    cb = 128 - 37.797 * red - 74.203 * green + 112.0 * blue
    cr = 128 + 112.0 * red - 93.786 * green - 18.214 * blue
    return round(luma), round(cb), round(cr)


def _frame(number: int, back: tuple[int, int, int], front: tuple[int, int, int]) -> bytes:
    """Return the planes Y, U, V of one frame; U and V have half the width and height."""
    left = (WIDTH - SIDE) * number // (FRAMES - 1) // 2 * 2
    planes = zip(back, front, (1, 2, 2), strict=True)
    return b"".join(_plane(left // step, b, f, step) for b, f, step in planes)


def _plane(left: int, back: int, front: int, step: int) -> bytes:
    width, height, side = WIDTH // step, HEIGHT // step, SIDE // step
    plain = bytes([back]) * width
    crossed = bytes([back]) * left + bytes([front]) * side
    crossed += bytes([back]) * (width - len(crossed))
    above = (height - side) // 2
    return plain * above + crossed * side + plain * (height - side - above)


def _avi(frames: list[bytes]) -> bytes:
    size = len(frames[0])
    micro = 1_000_000 // FRAMES_PER_SECOND
    has_index = 0x10
    main = struct.pack(
        "<14I", micro, size * FRAMES_PER_SECOND, 0, has_index, len(frames), 0, 1, size,
        WIDTH, HEIGHT, 0, 0, 0, 0,
    )  # fmt: skip
    stream = struct.pack(
        "<4s4sIHHIIIIIIII4H", b"vids", b"I420", 0, 0, 0, 0, 1, FRAMES_PER_SECOND, 0,
        len(frames), size, 0xFFFFFFFF, 0, 0, 0, WIDTH, HEIGHT,
    )  # fmt: skip
    fourcc = int.from_bytes(b"I420", "little")
    bitmap = struct.pack("<IiiHHIIiiII", 40, WIDTH, HEIGHT, 1, 12, fourcc, size, 0, 0, 0, 0)
    header = _list(
        b"hdrl",
        _chunk(b"avih", main) + _list(b"strl", _chunk(b"strh", stream) + _chunk(b"strf", bitmap)),
    )
    movie = _list(b"movi", b"".join(_chunk(b"00dc", frame) for frame in frames))
    step = size + 8
    key_frame = 0x10
    index = b"".join(
        struct.pack("<4sIII", b"00dc", key_frame, 4 + step * n, size) for n in range(len(frames))
    )
    body = b"AVI " + header + movie + _chunk(b"idx1", index)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _list(name: bytes, data: bytes) -> bytes:
    return _chunk(b"LIST", name + data)
