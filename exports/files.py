"""Files of items on their way into an export."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from exports.clips import clips_of
from gleanery.errors import MediaNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exports.plan import ExportPlan
    from exports.row import Row
    from exports.shards import Member
    from media.store import MediaStore

logger = logging.getLogger(__name__)
VECTORS = "vectors"
TENSOR = "video"
"""Tensor of a vectors file that stands for the whole video: see docs/timesformer.md."""


class Files:
    """Reads what the plan asks for; a file that is gone is left out and logged."""

    def __init__(self, plan: ExportPlan, media: MediaStore | None) -> None:
        self._bytes = media if plan.media == "bytes" else None
        self._vectors = media if plan.vectors else None
        self._clips, self._most = (media, plan.clips) if plan.clips else (None, 0)

    def members_of(self, row: Row) -> Iterator[Member]:
        """Yield an item's files, open until the next one is asked for; none unless asked for."""
        if self._bytes:
            yield from self._whole(self._bytes, row)
        if self._clips:
            yield from clips_of(self._clips, row, most=self._most)

    def _whole(self, media: MediaStore, row: Row) -> Iterator[Member]:
        for file in row.media_files:
            try:
                size, opened = media.size(file.key), media.open(file.key)
            except MediaNotFoundError:
                _gone(file.key)
                continue
            with opened:
                yield file.role, file.content_type, size, opened

    def vector_of(self, row: Row) -> list[float] | None:
        """Return the embedding of an item's video; ``None`` if there is none or none is asked."""
        if not self._vectors:
            return None
        for file in row.media_files:
            if file.role == VECTORS and (data := _read(self._vectors, file.key)):
                from safetensors.numpy import load

                tensors = load(data)
                if TENSOR in tensors:
                    return [float(x) for x in tensors[TENSOR].reshape(-1)]
        return None


def _read(media: MediaStore, key: str) -> bytes | None:
    try:
        return media.read(key)
    except MediaNotFoundError:
        _gone(key)
        return None


def _gone(key: str) -> None:
    logger.warning("File %s is no longer kept: left out of the export", key)
