"""The vector of a whole video; those of its clips and frames are in the media store."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoVector:
    """The newest of a video replaces the older one."""

    identity: str
    """Of the item."""

    video: str
    """Key of the video file in the media store."""

    values: tuple[float, ...]
    """L2 norm 1; 768 numbers of ``timesformer``. Kept as float32."""

    engine: str
    """Engine that answered, e.g. ``timesformer``."""

    version: str
    """Version of engine and weights; vectors of others are not compared."""

    created_at: str
    """When the engine answered: ISO 8601, UTC."""
