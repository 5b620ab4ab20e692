"""What every step of a worker has at hand."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from items.media_file import MediaFile

if TYPE_CHECKING:
    from pathlib import Path

    from gleanery.config import Config
    from items import Item
    from items.annotation import Annotation
    from media.store import MediaStore
    from model_server.client import ModelClient
    from storage import Store

Report = Callable[[float, float | None, str], None]
"""Told how far a step is: done, of all (``None`` = nobody knows), in which unit. Any thread may."""


@dataclass(slots=True, kw_only=True)
class Tools:
    """Places and services, shared by all jobs of a worker."""

    config: Config
    store: Store
    media: MediaStore
    client: ModelClient

    def folder(self, item: Item) -> Path:
        """Return the folder for unfinished files of an item; it need not exist."""
        name = hashlib.sha256(item.identity.encode()).hexdigest()[:32]
        return self.config.home / "work" / name

    async def save(self, item: Item, *what: MediaFile | Annotation) -> None:
        """Lay files and answers over the stored item, whoever else is writing it.

        Raises:
            StoreError: As for ``Store.update``.
        """

        def change(stored: Item) -> None:
            for one in what:
                if isinstance(one, MediaFile):
                    put_file(stored, one)
                else:
                    put_annotation(stored, one)

        await self.change(item, change)

    async def change(self, item: Item, change: Callable[[Item], None]) -> None:
        """Change the stored item in one step, and ``item`` likewise.

        Raises:
            StoreError: As for ``Store.update``.
        """
        await asyncio.to_thread(self.store.update, item.identity, change)
        change(item)


def put_file(item: Item, file: MediaFile) -> None:
    """Add a file; one of the same role and source, made in the same way, is replaced."""
    same = _made(file)
    item.media_files = [*(m for m in item.media_files if _made(m) != same), file]


def _made(file: MediaFile) -> tuple[object, ...]:
    return (file.role, file.source, file.facts.get("made_by"), file.facts.get("stem"))


def put_annotation(item: Item, annotation: Annotation) -> None:
    """Add an answer; an older one of the same tool and engine is replaced."""
    same = (annotation.tool, annotation.engine)
    others = [a for a in item.annotations if (a.tool, a.engine) != same]
    item.annotations = [*others, annotation]


def files_of(item: Item, role: str) -> list[MediaFile]:
    """Return the item's files of a role, in the order in which they came."""
    return [m for m in item.media_files if m.role == role]


def answer_of(item: Item, tool: str) -> Annotation | None:
    """Return what a tool said of the item last."""
    found = [a for a in item.annotations if a.tool == tool]
    return max(found, key=lambda a: a.created_at) if found else None
