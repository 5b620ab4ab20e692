"""Questions to the jobs' table; a page of a list costs the same at 100,000 jobs."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Select, func, or_, select

from storage.jobs.job import Job, JobEvent, Node, State, instant

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from storage.jobs.schema import JobTables


Row = TypeVar("Row", bound=tuple[Any, ...])
SEARCHED = 5000
"""Jobs that a text is looked for in at once."""
LOOKED_THROUGH = 1000
"""Jobs of a spider among which earlier runs are looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs; empty fields let all through."""

    states: tuple[State, ...] = ()
    spider: str = ""
    node: str = ""
    parent: str = ""
    text: str = ""
    """Part of the name, the arguments, the settings or the reason."""


def page(
    db: Connection, tables: JobTables, wanted: JobFilter, *, cursor: int | None, limit: int,
    seconds: float = math.inf,
) -> tuple[list[Job], int | None]:  # fmt: skip
    """Return jobs, newest first, and the cursor of the next page, ``None`` at the end.

    A text is looked for in all jobs, the newest first: after ``seconds`` what was found by then is
    returned, perhaps nothing, with the cursor to go on from.
    """
    c = tables.jobs.c
    if wanted.text:
        numbers, after = _searched(db, tables, wanted, cursor=cursor, limit=limit, seconds=seconds)
        query = select(tables.jobs).where(c.number.in_(numbers))
        rows = db.execute(query.order_by(c.number.desc())).mappings() if numbers else ()
        return [Job.read(dict(row)) for row in rows], after
    query = _filtered(select(tables.jobs), tables, wanted)
    if cursor is not None:
        query = query.where(c.number < cursor)
    query = query.order_by(c.number.desc()).limit(limit + 1)
    found = [Job.read(dict(row)) for row in db.execute(query).mappings()]
    return found[:limit], found[limit - 1].number if len(found) > limit else None


def _searched(
    db: Connection, tables: JobTables, wanted: JobFilter, *, cursor: int | None, limit: int,
    seconds: float,
) -> tuple[list[int], int | None]:  # fmt: skip
    """Return numbers of jobs, as :func:`page`; in a file out of an index that holds no stats."""
    c = tables.jobs.c
    until, found = time.monotonic() + seconds, list[int]()
    first, last = (  # min and max in one would read the whole index of a file
        int(db.execute(select(c.number).order_by(order).limit(1)).scalar() or 0)
        for order in (c.number, c.number.desc())
    )
    high = begun = last + 1 if cursor is None else min(cursor, last + 1)
    while high > first and len(found) <= limit:
        if high < begun and time.monotonic() > until:
            return found, high
        query = _filtered(select(c.number), tables, wanted)
        query = query.where(c.number < high, c.number >= high - SEARCHED)
        query = query.order_by(c.number.desc()).limit(limit + 1 - len(found))
        found += db.scalars(query)
        high -= SEARCHED
    return found[:limit], found[limit - 1] if len(found) > limit else None


def _filtered(query: Select[Row], tables: JobTables, wanted: JobFilter) -> Select[Row]:
    c = tables.jobs.c
    if wanted.states:
        state = func.coalesce(c.state, "") if wanted.text else c.state
        query = query.where(state.in_(wanted.states))
    for column, value in (
        (c.spider, wanted.spider),
        (c.node, wanted.node),
        (c.parent, wanted.parent),
    ):
        if value:  # no index of another column's: a text is in one alone
            said = func.coalesce(column, "") if wanted.text else column
            query = query.where(said == value)
    if wanted.text:
        columns = (c.job, c.arguments, c.settings, c.reason)
        query = query.where(or_(*(x.contains(wanted.text, autoescape=True) for x in columns)))
    return query


def find(db: Connection, tables: JobTables, job: str) -> Job | None:
    """Return a job by its name."""
    row = db.execute(select(tables.jobs).where(tables.jobs.c.job == job)).mappings().first()
    return Job.read(dict(row)) if row else None


def named(db: Connection, tables: JobTables, names: Collection[str]) -> list[Job]:
    """Return the jobs of these names, in no order."""
    query = select(tables.jobs).where(tables.jobs.c.job.in_(names))
    return [Job.read(dict(row)) for row in db.execute(query).mappings()]


def runs_before(db: Connection, tables: JobTables, job: Job, limit: int) -> list[Job]:
    """Return the last jobs before ``job`` of the same spider, arguments and settings.

    Only those that finished in one attempt, since stats are of the last one; the newest first, out
    of the last ``LOOKED_THROUGH`` of that spider.
    """
    c = tables.jobs.c
    query = select(c.job, c.arguments, c.settings)
    query = query.where(c.spider == job.spider, c.number < job.number, c.project == job.project)
    query = query.where(c.state == "finished", c.attempt == 1).order_by(c.number.desc())
    asked = (job.arguments, job.settings)
    names = [
        name
        for name, arguments, settings in db.execute(query.limit(LOOKED_THROUGH))
        if (json.loads(arguments), json.loads(settings)) == asked
    ]
    found = {each.job: each for each in named(db, tables, names[:limit])}
    return [found[name] for name in names[:limit] if name in found]


def in_states(db: Connection, tables: JobTables, *states: State) -> list[Job]:
    """Return all jobs in these states, oldest first."""
    c = tables.jobs.c
    query = select(tables.jobs).where(c.state.in_(states)).order_by(c.number)
    return [Job.read(dict(row)) for row in db.execute(query).mappings()]


def queue(db: Connection, tables: JobTables, project: str, limit: int = 100_000) -> list[Job]:
    """Return what waits, in the order of starting."""
    c = tables.jobs.c
    query = select(tables.jobs).where(c.state == "queued", c.project == project)
    rows = db.execute(query.order_by(c.priority.desc(), c.number).limit(limit)).mappings()
    return [Job.read(dict(row)) for row in rows]


def counts(db: Connection, tables: JobTables) -> dict[str, int]:
    """Return how many jobs are in each state."""
    c = tables.jobs.c
    rows = db.execute(select(c.state, func.count()).group_by(c.state))
    return {str(state): int(number) for state, number in rows}


def events(db: Connection, tables: JobTables, job: str) -> list[JobEvent]:
    """Return what happened to a job, in order."""
    c = tables.events.c
    query = select(c.job, c.at, c.event, c.node, c.detail).where(c.job == job)
    return [JobEvent(**dict(row)) for row in db.execute(query.order_by(c.number)).mappings()]


def last_event(db: Connection, tables: JobTables) -> int:
    """Return the number of the newest event; 0 if there is none."""
    return int(db.execute(select(func.max(tables.events.c.number))).scalar() or 0)


def events_after(
    db: Connection, tables: JobTables, number: int, limit: int
) -> list[tuple[int, JobEvent]]:
    """Return the events of all jobs with a higher number, in order, each with its own."""
    c = tables.events.c
    query = select(c.number, c.job, c.at, c.event, c.node, c.detail).where(c.number > number)
    rows = db.execute(query.order_by(c.number).limit(limit)).mappings()
    return [(row["number"], JobEvent(**{k: row[k] for k in row if k != "number"})) for row in rows]


def nodes(db: Connection, tables: JobTables, *, within_seconds: float) -> list[Node]:
    """Return the nodes heard of lately, by name."""
    c = tables.nodes.c
    query = select(tables.nodes).where(c.heartbeat_at >= instant(within_seconds)).order_by(c.name)
    return [Node.read(dict(row)) for row in db.execute(query).mappings()]


def drained(db: Connection, tables: JobTables) -> set[str]:
    """Return the names of the nodes that are told to start no job."""
    c = tables.orders.c
    return {str(name) for (name,) in db.execute(select(c.name).where(c.drain))}


def last_versions(db: Connection, tables: JobTables, nodes: Collection[str]) -> dict[str, str]:
    """Return by node the version of the job that it began last."""
    c = tables.jobs.c
    found = {}
    for node in nodes:  # each from the end of an index; a grouping would read every job
        query = select(c.version).where(c.node == node, c.version.is_not(None))
        if version := db.execute(query.order_by(c.number.desc()).limit(1)).scalar():
            found[node] = str(version)
    return found
