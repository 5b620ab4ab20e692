"""Is a file a picture that may be kept and decoded: read from its header, nothing is decoded.

The header alone shows bombs (a small file of a billion pixels) and what no decoder should see.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING, Any

from gleanery.errors import ConfigError, MediaRefusedError

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 50_000_000
"""Pixels of an image at most; the largest decoded one takes 150 MB."""
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
"""Read; others are rare on the web, and their decoders are the ones with holes."""
_ONE_AT_A_TIME = threading.Lock()
"""Pillow's own limit is one for the whole process, and is set aside while ours is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """What a picture's header says."""

    format: str
    """Of :data:`FORMATS`."""
    width: int
    """Pixels."""
    height: int
    transparent: bool
    """Whether it may be."""
    animated: bool

    @property
    def content_type(self) -> str:
        """E.g. ``image/jpeg``."""
        return f"image/{self.format.lower()}"


def read_header(data: bytes, *, whole: bool = False) -> ImageFacts:
    """Return what is known of an image file.

    Args:
        data: The file.
        whole: Also check, where the format has sums or marks for it, that nothing is missing.

    Raises:
        MediaRefusedError: It is broken, too large, or of another format.
        ConfigError: Pillow is not installed.
    """
    pillow = load_pillow()
    with _ONE_AT_A_TIME:
        limit, pillow.MAX_IMAGE_PIXELS = pillow.MAX_IMAGE_PIXELS, None  # our own check follows
        try:
            with pillow.open(BytesIO(data), formats=FORMATS) as image:
                return _facts(image, whole=whole)
        except (OSError, SyntaxError, ValueError, EOFError) as error:
            raise MediaRefusedError(
                f"the image is broken or none of {', '.join(FORMATS)}: send one of these"
            ) from error
        finally:
            pillow.MAX_IMAGE_PIXELS = limit


def _facts(image: Image, *, whole: bool) -> ImageFacts:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise MediaRefusedError(
            f"the image has {width} x {height} pixels: at most {MAX_PIXELS:,} are decoded"
        )
    facts = ImageFacts(
        format=str(image.format),
        width=width,
        height=height,
        transparent=image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info,
        animated=bool(getattr(image, "is_animated", False)),
    )
    if whole:
        image.verify()
    return facts


def load_pillow() -> Any:
    """Return the module ``PIL.Image``.

    Raises:
        ConfigError: Pillow is not installed.
    """
    try:
        return import_module("PIL.Image")
    except ImportError as error:
        raise ConfigError("Images need pillow: pip install 'gleanery[images]'") from error
