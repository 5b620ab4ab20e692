"""Bring a database's tables up to date, and say what is wrong with them (Alembic)."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from items import load_taxonomy
from storage.mysql.categories import is_filled
from storage.mysql.database import translated
from storage.mysql.filling import outdated
from storage.mysql.schema import metadata

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from storage.mysql.database import Database

SCRIPTS = Path(__file__).parents[1] / "migrations"


@cache
def newest() -> str:
    """Return the revision that this program needs."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def current(db: Connection) -> str | None:
    """Return the revision of the tables; ``None`` if there are none."""
    return MigrationContext.configure(db).get_current_revision()


def upgrade(database: Database, revision: str = "head") -> None:
    """Make or change tables up to ``revision``; a second call changes nothing."""
    _run(database, lambda config: command.upgrade(config, revision))


def downgrade(database: Database, revision: str) -> None:
    """Undo what came after ``revision``; ``base`` undoes all, items included."""
    _run(database, lambda config: command.downgrade(config, revision))


def offline_sql(span: str = "head", *, down: str = "") -> str:
    """Return the SQL of an upgrade, or of a downgrade, to be read and run by hand.

    Args:
        span: ``TO``, or ``FROM:TO``, revisions.
        down: The same of a downgrade, which it is then; ``TO`` begins at the newest one.
    """
    config = _config()
    config.output_buffer = io.StringIO()
    if down:
        command.downgrade(config, down if ":" in down else f"{newest()}:{down}", sql=True)
    else:
        command.upgrade(config, span, sql=True)
    return config.output_buffer.getvalue()


def problems(db: Connection) -> list[str]:
    """Return what an operator should mend, one line each."""
    found = [
        f"tables differ from this program's: {difference}"
        for difference in compare_metadata(
            MigrationContext.configure(db, opts={"compare_type": True}), metadata
        )
    ]
    if outdated(db):
        found.append("entries are of an earlier schema: run `gleanery db init` (초기화하세요)")
    if not is_filled(db, load_taxonomy()):
        found.append("categories are not the taxonomy's: run `gleanery db init` (초기화하세요)")
    if db.execute(text("SELECT @@innodb_flush_log_at_trx_commit")).scalar() != 1:
        found.append("innodb_flush_log_at_trx_commit is not 1: the last second may be lost")
    if db.execute(text("SELECT @@max_allowed_packet")).scalar_one() < 16 * 2**20:
        found.append("max_allowed_packet is below 16 MiB: large pages will be refused")
    return found


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return config


def _run(database: Database, work: object) -> None:
    config = _config()
    with translated(database.where), database.engine.connect() as connection:
        config.attributes["connection"] = connection
        work(config)  # type: ignore[operator]
        connection.commit()
