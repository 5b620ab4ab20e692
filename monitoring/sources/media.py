"""The media store: whether it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from gleanery.errors import MediaUnavailableError
from media.store import open_media
from monitoring.source import Source

if TYPE_CHECKING:
    from prometheus_client import Metric

    from gleanery.config import Config

_NOBODYS = "0" * 64
"""A key that no file has."""


class MediaSource(Source):
    """Asks for a file that is not there; ``gleanery_up`` is all that it gives."""

    name: ClassVar[str] = "media"

    @classmethod
    def is_wanted(cls, config: Config) -> bool:
        return bool(config.media_url or config.download_media)

    def read(self) -> list[Metric]:
        if open_media(self.config.media_place).exists(_NOBODYS):
            raise MediaUnavailableError("it answers yes to everything")
        return []
