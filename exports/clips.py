"""Clips of videos on their way into an export: 8 frames each, as models see them."""

from __future__ import annotations

import contextlib
import io
import json
import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from gleanery.errors import ConfigError, MediaNotFoundError, MediaRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exports.row import Row
    from exports.shards import Member
    from media.sampling import Clip
    from media.store import MediaStore

logger = logging.getLogger(__name__)
JPEG = "image/jpeg"


def check_clips() -> None:
    """Fail early where videos cannot be decoded.

    Raises:
        ConfigError: The extra ``media`` is not installed.
    """
    try:
        import av  # noqa: F401 - slow to load
    except ImportError as error:
        raise ConfigError("--clips needs gleanery[media]: pip install gleanery[media]") from error


def clips_of(media: MediaStore, row: Row, *, most: int) -> Iterator[Member]:
    """Yield the frames of up to ``most`` clips of each video, then what they are of.

    A frame is a JPEG of 224 x 224 pixels, ``clip00.frame0``; ``clips`` is JSON: a list of objects
    with ``video`` (key), ``scene``, ``start``, ``end``, ``seconds`` and ``times`` of the frames. A
    video that is gone or cannot be decoded is left out and logged.
    """
    about: list[dict[str, Any]] = []
    for file in row.media_files:
        if file.role != "video":
            continue
        try:
            for clip in _read(media, file.key, most):
                yield from _pictures(clip, f"clip{len(about):02}")
                about.append(_described(clip, file.key))
        except (MediaNotFoundError, MediaRefusedError) as error:
            logger.warning("Video %s is left out of the export: %s", file.key, error)
    if about:
        data = json.dumps(about).encode()
        yield "clips", "application/json", len(data), io.BytesIO(data)


def _read(media: MediaStore, key: str, most: int) -> Iterator[Clip]:
    from media.sampling import ClipPlan, clips  # noqa: PLC0415 - needs the extra media

    with (
        media.local(key) as path,
        contextlib.closing(clips(path, ClipPlan(max_clips=most))) as found,
    ):
        yield from found


def _pictures(clip: Clip, name: str) -> Iterator[Member]:
    from media.svg import save_picture  # noqa: PLC0415 - needs the extra media

    with TemporaryDirectory() as folder:
        path = Path(folder) / "frame.jpg"
        for number, pixels in enumerate(clip.frames):
            save_picture(pixels, path)
            data = path.read_bytes()
            yield f"{name}.frame{number}", JPEG, len(data), io.BytesIO(data)


def _described(clip: Clip, key: str) -> dict[str, Any]:
    numbers = {name: round(getattr(clip, name), 3) for name in ("start", "end", "seconds")}
    times = [round(float(at), 3) for at in clip.times]
    return {"video": key, "scene": clip.scene, **numbers, "times": times}
