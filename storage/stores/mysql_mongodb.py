"""The catalogue in MySQL, the documents in MongoDB."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from storage.server_store import ServerStore

if TYPE_CHECKING:
    from storage.store import Store


class MysqlMongodbStore(ServerStore):
    """Both servers: documents are written first, the catalogue follows (``storage.combined``)."""

    name: ClassVar[str] = "mysql+mongodb"

    def make(self) -> Store:
        from storage.combined import CombinedItems  # noqa: PLC0415 - its drivers are an extra

        return CombinedItems(self.path, self.options)
