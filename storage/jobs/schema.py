"""The tables of jobs, in MySQL (by Alembic's revisions) or in a file of SQLite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects.mysql import LONGTEXT, VARCHAR

NAME = 64
"""Characters of a job's name, at most."""
_Long = Text().with_variant(LONGTEXT(), "mysql")
_Instant = String(40).with_variant(VARCHAR(40, charset="ascii", collation="ascii_bin"), "mysql")


def _number() -> Column[int]:
    kind = BigInteger().with_variant(Integer(), "sqlite")  # only that one counts up by itself
    return Column("number", kind, primary_key=True, autoincrement=True)


@dataclass(frozen=True, slots=True)
class JobTables:
    """All of them."""

    jobs: Table
    events: Table
    nodes: Table
    orders: Table
    schedules: Table
    notices: Table
    samples: Table
    branches: Table


def define_jobs(metadata: MetaData, **options: Any) -> JobTables:
    """Add the tables to ``metadata``; ``options`` are those of each table."""
    return JobTables(
        _jobs(metadata, options),
        _events(metadata, options),
        _nodes(metadata, options),
        _orders(metadata, options),
        schedules=_schedules(metadata, options),
        notices=_notices(metadata, options),
        samples=_samples(metadata, options),
        branches=_branches(metadata, options),
    )


def _jobs(metadata: MetaData, options: dict[str, Any]) -> Table:
    return Table(
        "jobs",
        metadata,
        _number(),
        Column("job", String(NAME), nullable=False),
        Column("project", String(64), nullable=False),
        Column("spider", String(64), nullable=False),
        Column("state", String(16), nullable=False),
        Column("priority", Double, nullable=False),
        Column("arguments", _Long, nullable=False),
        Column("settings", _Long, nullable=False),
        Column("version", String(64)),
        Column("parent", String(NAME)),
        Column("attempt", Integer, nullable=False),
        Column("node", String(191)),
        Column("pid", Integer),
        Column("cancel", Boolean, nullable=False),
        Column("created_at", _Instant, nullable=False),
        Column("started_at", _Instant),
        Column("ended_at", _Instant),
        Column("heartbeat_at", _Instant),
        Column("progress_at", _Instant),
        Column("progress", BigInteger, nullable=False),
        Column("reason", Text),
        Column("exit_code", Integer),
        Column("signal", String(16)),
        Column("stats", _Long, nullable=False),
        Index("jobs_job", "job", unique=True),
        Index("jobs_state", "state", "number"),
        Index("jobs_spider", "spider", "number"),
        Index("jobs_node", "node", "state", "number"),
        Index("jobs_of_node", "node", "number"),
        Index("jobs_parent", "parent"),
        **options,
    )


def _events(metadata: MetaData, options: dict[str, Any]) -> Table:
    return Table(
        "job_events",
        metadata,
        _number(),
        Column("job", String(NAME), nullable=False),
        Column("at", _Instant, nullable=False),
        Column("event", String(32), nullable=False),
        Column("node", String(191)),
        Column("detail", Text, nullable=False),
        Index("job_events_job", "job", "number"),
        **options,
    )


def _nodes(metadata: MetaData, options: dict[str, Any]) -> Table:
    return Table(
        "job_nodes",
        metadata,
        Column("name", String(191), primary_key=True),
        Column("heartbeat_at", _Instant, nullable=False),
        Column("slots", Integer, nullable=False),
        Column("draining", Boolean, nullable=False),
        Column("running", _Long, nullable=False),
        **options,
    )


def _orders(metadata: MetaData, options: dict[str, Any]) -> Table:
    return Table(
        "node_orders",
        metadata,
        Column("name", String(191), primary_key=True),
        Column("drain", Boolean, nullable=False),
        Column("at", _Instant, nullable=False),
        **options,
    )


def _schedules(metadata: MetaData, options: dict[str, Any]) -> Table:
    return Table(
        "schedules",
        metadata,
        Column("name", String(NAME), primary_key=True),
        Column("spider", String(64), nullable=False),
        Column("arguments", _Long, nullable=False),
        Column("settings", _Long, nullable=False),
        Column("priority", Double, nullable=False),
        Column("cron", String(191), nullable=False),
        Column("zone", String(64), nullable=False),
        Column("created_at", _Instant, nullable=False),
        Column("next_at", _Instant),
        Column("last_at", _Instant),
        Column("job", String(NAME)),
        Index("schedules_next", "next_at"),
        **options,
    )


def _notices(metadata: MetaData, options: dict[str, Any]) -> Table:
    return Table(
        "job_notices",
        metadata,
        _number(),
        Column("way", String(16), nullable=False),
        Column("event", String(16), nullable=False),
        Column("job", String(NAME), nullable=False),
        Column("detail", Text, nullable=False),
        Column("at", _Instant, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("next_at", _Instant),
        Column("sent_at", _Instant),
        Column("error", Text),
        Index("job_notices_next", "way", "next_at"),
        **options,
    )


def _samples(metadata: MetaData, options: dict[str, Any]) -> Table:
    return Table(
        "job_samples",
        metadata,
        Column("job", String(NAME), primary_key=True),
        Column("at", BigInteger, primary_key=True, autoincrement=False),  # seconds since 1970
        Column("facts", _Long, nullable=False),
        Index("job_samples_at", "at"),
        **options,
    )


def _branches(metadata: MetaData, options: dict[str, Any]) -> Table:
    return Table(
        "job_branches",
        metadata,
        Column("job", String(NAME), primary_key=True),
        Column("at", _Instant, nullable=False),
        Column("branches", _Long, nullable=False),
        Index("job_branches_at", "at"),
        **options,
    )
