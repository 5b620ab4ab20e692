"""MongoDB: whether it answers, and how much it holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from pymongo.errors import OperationFailure

from monitoring.source import TIMEOUT_SECONDS, Source, gauge
from storage import StoreOptions

if TYPE_CHECKING:
    from prometheus_client import Metric
    from pymongo.database import Database

    from gleanery.config import Config
    from storage.mongodb.database import Document


class MongodbSource(Source):
    """Connects anew each time, as a crawl that starts would."""

    name: ClassVar[str] = "mongodb"

    @classmethod
    def is_wanted(cls, config: Config) -> bool:
        return "mongodb" in config.store

    def read(self) -> list[Metric]:
        from storage.mongodb.database import connect  # noqa: PLC0415 - an extra

        options = StoreOptions.read(self.config.scrapy_settings().get)
        database = connect(
            replace(options, read_only=True, store_timeout_seconds=TIMEOUT_SECONDS / 2)
        )
        try:
            database.command("ping")
            return _size(database)
        finally:
            database.client.close()


def _size(database: Database[Document]) -> list[Metric]:
    try:
        size = float(database.command("dbStats").get("totalSize", 0))
    except OperationFailure:  # the account may not ask, or the server does not know
        return []
    text = "Collections and indexes of our database on disk"
    return [gauge("gleanery_mongodb_bytes", text, {(): size})]
