"""What a download gives, and how it talks meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gleanery.errors import MediaUnavailableError
from items.media_file import MediaFile

if TYPE_CHECKING:
    from pathlib import Path

    from media.store import MediaStore

Progress = Callable[[int, int | None], object]
"""Called with the bytes of one file so far, and all of them where that is known."""
Cancelled = Callable[[], bool]
"""Asked often; ``True`` ends the download, and what is there is kept for the next time."""


class DownloadCancelledError(MediaUnavailableError):
    """The caller asked to stop; the next call goes on where this one was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloaded:
    """One file on disk."""

    path: Path
    """In the folder that was given."""
    role: str
    """``video`` or ``audio``, as for :class:`items.MediaFile`."""
    content_type: str
    """As its bytes show."""
    source: str
    """Address it came from: the video's page, or the file's own."""
    facts: dict[str, Any]
    """What ``media.probe`` found: ``duration_seconds``, ``width``, ``fps`` …"""

    def keep(self, media: MediaStore, *, move: bool = False) -> MediaFile:
        """Put the file into a media store; return it as an item names it.

        Raises:
            MediaRefusedError: It is larger than the store takes.
            MediaUnavailableError: The store is away.
        """
        stored = media.put_file(self.path, move=move)
        return MediaFile(
            key=stored.key,
            role=self.role,
            content_type=self.content_type,
            size=stored.size,
            source=self.source,
            facts=self.facts,
        )


def ignore_progress(_done: int, _total: int | None) -> None:
    """Tell nobody."""


def never() -> bool:
    """Do not cancel."""
    return False
