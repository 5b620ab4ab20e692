"""Everything in MySQL or MariaDB."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from storage.server_store import ServerStore

if TYPE_CHECKING:
    from storage.store import Store


class MysqlStore(ServerStore):
    """MySQL 8.4 or MariaDB from 10.11 on, at ``MYSQL_URL``; a batch is one transaction."""

    name: ClassVar[str] = "mysql"

    def make(self) -> Store:
        from storage.mysql.items import MysqlItems  # noqa: PLC0415 - its drivers are an extra

        return MysqlItems(self.path, self.options)
