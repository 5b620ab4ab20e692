"""Everything in MongoDB."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from storage.server_store import ServerStore

if TYPE_CHECKING:
    from storage.store import Store


class MongodbStore(ServerStore):
    """MongoDB from 7 on, at ``MONGODB_URL``; an item is one document, so is each comment."""

    name: ClassVar[str] = "mongodb"

    def make(self) -> Store:
        from storage.mongodb.store import MongodbItems  # noqa: PLC0415 - its drivers are an extra

        return MongodbItems(self.path, self.options)
