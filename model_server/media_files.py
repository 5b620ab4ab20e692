"""The media store as tools see it: keys only, checked, without blocking the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gleanery.errors import ModelToolError
from media.store import KEY, MediaStore, Stored


class MediaFiles:
    """Reads and writes the store of one server."""

    def __init__(self, store: MediaStore | None) -> None:
        self._store = store

    def check(self) -> None:
        """Refuse before anything is computed.

        Raises:
            ModelToolError: This server has no media store.
        """
        self._there()

    @asynccontextmanager
    async def local(self, key: str) -> AsyncIterator[Path]:
        """Yield a path of the file ``key``; not to be written to.

        Raises:
            ModelToolError: It is no key, or this server has no media store.
            MediaNotFoundError: No such file is kept.
            MediaUnavailableError: The store is away.
        """
        store = self._checked(key)
        entered = store.local(key)
        path = await asyncio.to_thread(entered.__enter__)
        try:
            yield path
        finally:
            await asyncio.shield(asyncio.to_thread(entered.__exit__, None, None, None))

    async def put_bytes(self, data: bytes) -> Stored:
        """Keep ``data``.

        Raises:
            ModelToolError: This server has no media store.
            MediaError: It cannot be kept.
        """
        return await asyncio.to_thread(self._there().put_bytes, data)

    async def put_file(self, path: Path) -> Stored:
        """Keep the file, which is moved.

        Raises:
            ModelToolError: This server has no media store.
            MediaError: It cannot be kept.
        """
        return await asyncio.to_thread(self._there().put_file, path, move=True)

    def _checked(self, key: str) -> MediaStore:
        if not KEY.fullmatch(key):
            raise ModelToolError(
                f"{key[:80]!r} is no key of the media store: 64 hexadecimal digits, the SHA-256 of "
                "the file; paths and addresses are not read"
            )
        return self._there()

    def _there(self) -> MediaStore:
        if self._store is None:
            raise ModelToolError("this server has no media store: set GLEANERY_MEDIA_URL")
        return self._store
