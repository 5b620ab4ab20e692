"""Pictures as text, for models that read nothing else: shrunk, then written in hexadecimal digits.

Pillow reads the header only, so that bombs and animations are refused before anything is decoded;
OpenCV decodes and shrinks.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gleanery.errors import EngineError, MediaRefusedError, ModelToolError
from media.image import read_header

Order = Literal["rows", "columns", "diagonals"]
"""How pixels follow one another; a line of text is one row, column or diagonal."""
Pixels = NDArray[np.uint8]
"""Shape ``(height, width, 3)``, RGB."""

MAX_BYTES = 2_000_000
"""Bytes of an image file at most: more does not fit in a request of the model server."""
SIZES = range(4, 65)
"""Width and height that a picture may be shrunk to."""
COLOURS = range(2, 17)
"""Colours of a palette: one hexadecimal digit a pixel."""


@dataclass(slots=True, kw_only=True, frozen=True)
class Picture:
    """A small picture written out in hexadecimal digits."""

    text: str
    """Lines of digits: one digit a pixel with a palette, whose colours stand first; else six."""
    width: int
    """In pixels, of what the text shows."""
    height: int
    order: Order
    colours: int
    """Colours in the palette; 0 = none, each pixel is its own ``rrggbb``."""


def draw(data: bytes | str, *, size: int = 16, colours: int = 16, order: Order = "rows") -> Picture:
    """Return an image file as text.

    Args:
        data: BMP, GIF, JPEG, PNG, TIFF or WebP, as bytes or in base64.
        size: Width and height to shrink to; the shape of the image is not kept.
        colours: Size of the palette, 2 to 16; 0 = none.
        order: See :data:`Order`; diagonals run from top right to bottom left, beginning at the
            top left corner.

    Raises:
        ModelToolError: The image is broken, too large, moving, or an argument is out of range.
        EngineError: OpenCV or Pillow is not installed.
    """
    if size not in SIZES:
        raise ModelToolError(f"size is {SIZES[0]} to {SIZES[-1]}, not {size}")
    if colours and colours not in COLOURS:
        raise ModelToolError(f"colours is 0 or {COLOURS[0]} to {COLOURS[-1]}, not {colours}")
    return write_out(shrink(decode(_as_bytes(data)), size), colours=colours, order=order)


def write_out(pixels: Pixels, *, colours: int, order: Order) -> Picture:
    """Return small pixels as text; see :func:`draw`.

    Raises:
        ModelToolError: ``order`` is unknown.
    """
    if colours:
        digits, palette = reduce_colours(pixels, colours)
        words = [[f"{digit:x}" for digit in row] for row in digits.tolist()]
        head = " ".join(f"{n:x}=#{_hex(colour)}" for n, colour in enumerate(palette)) + "\n"
    else:
        words, head = [[_hex(pixel) for pixel in row] for row in pixels], ""
    lines = ("".join(line) for line in _in_order(words, order))
    height, width = pixels.shape[:2]
    return Picture(
        text=head + "\n".join(lines), width=width, height=height, order=order, colours=colours
    )


def decode(data: bytes) -> Pixels:
    """Return the pixels of an image file, turned as its EXIF says, on white where transparent.

    Raises:
        ModelToolError: The image is broken, too large, moving, or of another format.
        EngineError: OpenCV or Pillow is not installed.
    """
    transparent = _check_header(data)
    cv2 = _library("cv2")
    flag = cv2.IMREAD_UNCHANGED if transparent else cv2.IMREAD_COLOR
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    except cv2.error:
        image = None
    if image is None:
        raise ModelToolError("the image is broken: it cannot be decoded")
    if image.ndim == 3 and image.shape[2] == 4:
        image = _on_white(image)
    elif image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    rgb: Pixels = cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(np.uint8)
    return rgb


def shrink(pixels: Pixels, size: int) -> Pixels:
    """Return ``pixels`` in ``size`` × ``size``: each is the mean of the area it stands for."""
    cv2 = _library("cv2")
    small: Pixels = cv2.resize(pixels, (size, size), interpolation=cv2.INTER_AREA)
    return small


def reduce_colours(pixels: Pixels, colours: int) -> tuple[NDArray[np.int32], Pixels]:
    """Return each pixel's place in a palette, and the palette, dark to light.

    k-means with fixed starting points (Lloyd, 1982): the same picture gives the same palette.

    Args:
        pixels: Shape ``(height, width, 3)``.
        colours: Colours at most; a picture with fewer gets fewer.

    Returns:
        Shapes ``(height, width)`` and ``(colours, 3)``.
    """
    cv2 = _library("cv2")
    points = pixels.reshape(-1, 3).astype(np.float32)
    distinct = np.unique(pixels.reshape(-1, 3), axis=0)
    if len(distinct) <= colours:
        palette = distinct.astype(np.float32)
    else:
        labels = np.empty((len(points), 1), np.int32)
        by_light = np.argsort(points @ _LIGHT, kind="stable")
        labels[by_light, 0] = np.arange(len(points)) * colours // len(points)
        stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
        _, _, palette = cv2.kmeans(points, colours, labels, stop, 1, cv2.KMEANS_USE_INITIAL_LABELS)
    palette = np.unique(np.rint(palette), axis=0)
    palette = palette[np.argsort(palette @ _LIGHT, kind="stable")]
    distances = ((points[:, None] - palette[None]) ** 2).sum(axis=2)
    digits = distances.argmin(axis=1).astype(np.int32).reshape(pixels.shape[:2])
    return digits, palette.astype(np.uint8)


_LIGHT = np.array([0.299, 0.587, 0.114], np.float32)
"""Share of red, green and blue in lightness (ITU-R BT.601)."""


def _library(name: str) -> Any:
    """Return a module that only those who look at images need.

    Raises:
        EngineError: It is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise EngineError(f"images need {name}: install gleanery[models]") from error


def _as_bytes(data: bytes | str) -> bytes:
    """Return the bytes of a file that may come in base64, a ``data:`` address's head included.

    Raises:
        ModelToolError: It is too large, empty, or no base64.
    """
    if isinstance(data, str):
        if len(data) > MAX_BYTES * 4 // 3 + 200:
            raise ModelToolError(f"the image is too large: at most {MAX_BYTES:,} bytes")
        try:
            data = b64decode(data.rpartition(",")[2], validate=True)
        except binascii.Error as error:
            raise ModelToolError("the image is not base64") from error
    if len(data) > MAX_BYTES:
        raise ModelToolError(f"the image is too large: at most {MAX_BYTES:,} bytes")
    if not data:
        raise ModelToolError("the image is empty")
    return data


def _check_header(data: bytes) -> bool:
    """Return whether the image may be transparent.

    Raises:
        ModelToolError: It is broken, too large, moving, or of another format.
        EngineError: Pillow is not installed.
    """
    _library("PIL.Image")
    try:
        facts = read_header(data)
    except MediaRefusedError as error:
        raise ModelToolError(str(error)) from error
    if facts.animated:
        raise ModelToolError("the image moves: send one frame of it, or the file as a video")
    return facts.transparent


def _on_white(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    full = np.iinfo(image.dtype).max
    alpha = image[:, :, 3:].astype(np.float32) / full
    blended = image[:, :, :3] * alpha + full * (1 - alpha)
    return np.rint(blended).astype(image.dtype)


def _in_order(pixels: list[list[str]], order: Order) -> Iterator[list[str]]:
    """Yield the lines of text."""
    if order == "rows":
        yield from pixels
    elif order == "columns":
        yield from (list(column) for column in zip(*pixels, strict=True))
    elif order == "diagonals":
        height, width = len(pixels), len(pixels[0])
        for total in range(height + width - 1):
            first = max(0, total - width + 1)
            yield [pixels[y][total - y] for y in range(first, min(height, total + 1))]
    else:
        raise ModelToolError(f"order is rows, columns or diagonals, not {order!r}")


def _hex(pixel: NDArray[np.uint8]) -> str:
    return bytes(pixel.tolist()).hex()
