"""MySQL: whether it answers, and how much it holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import text

from monitoring.source import TIMEOUT_SECONDS, Source, gauge
from storage import StoreOptions

if TYPE_CHECKING:
    from prometheus_client import Metric

    from gleanery.config import Config

_BYTES = text(
    "SELECT coalesce(sum(data_length + index_length), 0) FROM information_schema.tables"
    " WHERE table_schema = database()"
)


class MysqlSource(Source):
    """Connects anew each time, as a crawl that starts would."""

    name: ClassVar[str] = "mysql"

    @classmethod
    def is_wanted(cls, config: Config) -> bool:
        return "mysql" in config.store

    def read(self) -> list[Metric]:
        from storage.mysql.database import make_engine  # noqa: PLC0415 - an extra

        options = StoreOptions.read(self.config.scrapy_settings().get)
        engine = make_engine(
            replace(options, read_only=True, store_timeout_seconds=TIMEOUT_SECONDS / 2)
        )
        try:
            with engine.connect() as connection:
                size = float(connection.execute(_BYTES).scalar_one())
        finally:
            engine.dispose()
        return [gauge("gleanery_mysql_bytes", "Tables and indexes of our database", {(): size})]
