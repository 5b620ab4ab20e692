"""A frame as a vector graphic, and how much of the frame it keeps.

vtracer traces areas of one colour, resvg draws the result back to compare. Both are Rust and get
plain pixels of a known size, not a file of strangers: they need no sandbox.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from gleanery.errors import ConfigError, MediaRefusedError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TOLERANCE = 16
"""Of 255: a pixel is reproduced if none of its three colours is farther off."""
MAX_SIDE = 4096
Outline = Literal["polygon", "spline"]


@dataclass(slots=True, frozen=True)
class Drawing:
    """A vector graphic of one frame."""

    svg: str
    share: float
    """Of the frame's pixels that it reproduces within :data:`TOLERANCE`, in [0, 1]."""
    size: int
    """Bytes."""


def vectorize_frame(pixels: NDArray[np.uint8], *, outline: Outline = "polygon") -> Drawing:
    """Trace a frame.

    Args:
        pixels: uint8 RGB, shape ``(h, w, 3)``, at most 4096 × 4096.
        outline: ``spline`` is smoother when enlarged, and five times as large.

    Raises:
        MediaRefusedError: The pixels have another shape or type.
        ConfigError: The extra ``media`` is not installed.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise MediaRefusedError("a frame is uint8 of shape (height, width, 3)")
    if not 0 < min(pixels.shape[:2]) <= max(pixels.shape[:2]) <= MAX_SIDE:
        raise MediaRefusedError(f"a frame has 1 to {MAX_SIDE} pixels a side")
    try:
        import vtracer
    except ImportError as error:
        raise ConfigError("vector graphics need gleanery[media]") from error
    svg: str = vtracer.convert_raw_image_to_svg(
        _bmp(pixels),
        img_format="bmp",
        mode=outline,
        filter_speckle=2,
        color_precision=7,
        layer_difference=8,
    )
    difference = np.abs(drawn(svg).astype(np.int16) - pixels).max(axis=2)
    return Drawing(svg, float((difference <= TOLERANCE).mean()), len(svg.encode()))


def drawn(svg: str) -> NDArray[np.uint8]:
    """Draw a graphic of ours at its own size: uint8 RGB, shape ``(h, w, 3)``."""
    import av
    import resvg_py

    png = resvg_py.svg_to_bytes(svg_string=svg, background="#000000", skip_system_fonts=True)
    decoder = av.CodecContext.create("png", "r")
    frames = [*decoder.decode(av.Packet(png)), *decoder.decode(None)]
    return np.asarray(frames[0].to_ndarray(format="rgb24"), np.uint8)


def save_picture(pixels: NDArray[np.uint8], path: Path) -> None:
    """Write a frame as the PNG or JPEG that the name's ending asks for."""
    import av

    av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24").save(path)


def _bmp(pixels: NDArray[np.uint8]) -> bytes:
    """The plainest file that vtracer reads: rows from the bottom, blue first, padded to 4 bytes."""
    height, width = pixels.shape[:2]
    rows = np.zeros((height, (width * 3 + 3) // 4 * 4), np.uint8)
    rows[:, : width * 3] = pixels[::-1, :, ::-1].reshape(height, -1)
    size = 54 + rows.size
    file = struct.pack("<2sIHHI", b"BM", size, 0, 0, 54)
    picture = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, rows.size, 2835, 2835, 0, 0)
    return file + picture + rows.tobytes()
