"""``gleanery jobs``: what runs, what ran, how it ended; start, cancel, retry."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.output import AsJson, print_json, print_table, printable, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlers.scrapyd.queue import JobQueue
    from gleanery.config import Config
    from storage.jobs import Job

jobs = typer.Typer(
    help="Jobs of all nodes: list, start, cancel, retry (작업을 보고 다룹니다).",
    no_args_is_help=True,
)
Name = Annotated[str, typer.Argument(metavar="JOB", help="Name of the job. / 작업 이름.")]


@jobs.command("list")
def list_jobs(
    *,
    state: Annotated[list[str] | None, typer.Option(help="Only these. / 이 상태만.")] = None,
    spider: Annotated[str, typer.Option(help="Only of this spider. / 이 스파이더만.")] = "",
    node: Annotated[str, typer.Option(help="Only on this node. / 이 노드만.")] = "",
    text: Annotated[str, typer.Option(help="Part of name, arguments, reason. / 검색어.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Rows at most. / 행 수.")] = 50,
    cursor: Annotated[
        int | None, typer.Option(help="`next` of the page before. / 앞 쪽의 next.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List jobs, newest first (작업 목록)."""
    with opened() as (queue, _):
        from storage.jobs import JobFilter
        from storage.jobs.job import check_state

        states = tuple(check_state(word) for word in state or ())
        wanted = JobFilter(states=states, spider=spider, node=node, text=text)
        found, after = queue.ledger.page(wanted, cursor=cursor, limit=limit)
        counts = queue.ledger.counts()
    if as_json:
        print_json({"jobs": [asdict(job) for job in found], "next": after, "counts": counts})
        return
    columns = (
        "=job / 작업",
        "spider",
        "state / 상태",
        "reason / 이유",
        "node / 노드",
        "#found",
        "begun",
    )
    rows = [
        (j.job, j.spider, j.state, _reason(j), j.node, j.progress, (j.started_at or "")[:19])
        for j in found
    ]
    print_table("Jobs / 작업", columns, rows)
    say(
        ", ".join(f"{name} {number}" for name, number in sorted(counts.items())) or "no jobs (없음)"
    )
    if after:
        say(f"More / 더: --cursor {after}")


def _reason(job: Job) -> str:
    return (job.reason or "")[:60] if job.state not in ("running", "finished") else ""


@jobs.command()
def nodes(as_json: AsJson = False) -> None:
    """List the nodes heard of within a day (노드 목록)."""
    with opened() as (queue, _):
        found = queue.ledger.nodes(within_seconds=86400)
        ordered = queue.ledger.drained()
    if as_json:
        print_json([asdict(node) | {"ordered": node.name in ordered} for node in found])
        return
    rows = [
        (n.name, n.heartbeat_at[:19], len(n.running), n.slots, "drained" if n.draining else "works")
        for n in found
    ]
    columns = ("=node / 노드", "last sign / 마지막 신호", "#jobs", "#slots", "state / 상태")
    print_table("Nodes / 노드", columns, rows)


@jobs.command()
def drain(
    node: Annotated[str, typer.Argument(help="Name of the node. / 노드 이름.")],
    undo: Annotated[bool, typer.Option("--undo", help="Let it work again. / 되돌립니다.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let a node start no job any more; what it runs goes on to its end (노드 비우기)."""
    with opened() as (queue, _):
        queue.ledger.order(node, drain=not undo)
    if as_json:
        print_json({"node": node, "drain": not undo})
    else:
        say(f"{node}: {'works again (다시 작업)' if undo else 'drained (비우는 중)'}")


@jobs.command()
def show(job: Name, as_json: AsJson = False) -> None:
    """Show one job and what happened to it (작업 하나)."""
    with opened() as (queue, _):
        from crawlers.scrapyd.asking import known

        found, events = known(queue, job), queue.ledger.events(job)
    if as_json:
        print_json(asdict(found) | {"events": [asdict(event) for event in events]})
        return
    facts = asdict(found)
    stats = facts.pop("stats")
    print_table(f"Job {job}", ("what", "value"), [(k, _text(v)) for k, v in facts.items()])
    print_table("Stats", ("stat", "#value"), sorted(stats.items()))
    rows = [(e.at[:19], e.event, e.node, e.detail) for e in events]
    print_table("Events / 일어난 일", ("when", "event", "node", "detail"), rows)


def _text(value: Any) -> object:
    if isinstance(value, dict):
        return " ".join(f"{k}={v}" for k, v in value.items())
    return value


@jobs.command()
def start(
    *,
    spider: Annotated[str, typer.Argument(metavar="PLATFORM", help="reddit, google, youtube, …")],
    given: Annotated[
        list[str] | None, typer.Argument(metavar="NAME=VALUE", help="Its arguments. / 인자.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("-s", metavar="NAME=VALUE", help="A setting. / 설정.")
    ] = None,
    job: Annotated[str, typer.Option(help="Its name; else made up. / 작업 이름.")] = "",
    priority: Annotated[float, typer.Option(help="Higher ones first. / 우선순위.")] = 0.0,
    as_json: AsJson = False,
) -> None:
    """Queue a job for whichever node is free (작업 시작)."""
    with opened() as (queue, config):
        from crawlers.scrapyd import asking

        name = asking.start(
            queue, config, spider, pairs(given or []),
            settings=settings or (), job=job, priority=priority,
        )  # fmt: skip
    tell_done(as_json, f"Queued / 대기열에 넣었습니다: {name}", job=name)


def pairs(words: list[str]) -> dict[str, str]:
    """Read ``NAME=VALUE`` words.

    Raises:
        ConfigError: One is none.
    """
    from gleanery.errors import ConfigError

    if wrong := [word for word in words if "=" not in word]:
        raise ConfigError(f"argument {wrong[0]!r}: write NAME=VALUE")
    return dict(word.split("=", 1) for word in words)


@jobs.command()
def cancel(
    job: Name,
    now: Annotated[
        bool, typer.Option("--now", help="Do not wait for what is under way. / 즉시.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """End a job in good order, wherever it runs (작업 취소)."""
    with opened() as (queue, _):
        from crawlers.scrapyd import asking

        before = asking.cancel(queue, job, now=now)
    tell_done(as_json, f"{job}: {before} → to be cancelled / 취소합니다", job=job, before=before)


@jobs.command()
def retry(job: Name, as_json: AsJson = False) -> None:
    """Queue a job like one that has ended (다시 하기)."""
    with opened() as (queue, _):
        from crawlers.scrapyd import asking

        name = asking.retry(queue, job)
    tell_done(as_json, f"Queued / 대기열에 넣었습니다: {name}", job=name, parent=job)


@jobs.command()
def logs(
    job: Name,
    lines: Annotated[int, typer.Option(min=1, help="From the end. / 끝에서.")] = 100,
    level: Annotated[str, typer.Option(help="At least, e.g. WARNING. / 수준 이상.")] = "",
    text: Annotated[str, typer.Option(help="Part of each line. / 검색어.")] = "",
) -> None:
    """Print the end of a job's log, of this machine or of the node that ran it (로그)."""
    with opened() as (queue, config):
        from crawlers.scrapyd.asking import known
        from crawlers.scrapyd.log_places import log_of
        from crawlers.scrapyd.logs import LEVELS, tail
        from gleanery.errors import ConfigError

        if level and level not in LEVELS:
            raise ConfigError(f"no level {level!r} (없는 수준): {', '.join(LEVELS)}")
        log = log_of(config, known(queue, job))
    found, before = list[str](), None
    while len(found) < lines and before != 0:
        part = tail(log, lines - len(found), level=level, text=text, before=before)
        found, before = part.lines + found, part.before
    sys.stdout.writelines(printable(line) + "\n" for line in found)


@contextmanager
def opened() -> Iterator[tuple[JobQueue, Config]]:
    """Yield the queue, after a look for lost jobs: what is shown is true though no node lives.

    Raises:
        ConfigError: The package ``scrapyd`` is not installed.
    """
    from gleanery.config import load_config
    from gleanery.errors import ConfigError

    try:
        from crawlers.scrapyd.places import PROJECT, patience_of
        from crawlers.scrapyd.queue import JobQueue
        from storage.jobs.reconciling import reconcile
    except ImportError as error:
        raise ConfigError("Install what jobs need: pip install 'gleanery[server]'") from error
    config = load_config()
    queue = JobQueue(None, PROJECT)
    try:
        reconcile(queue.ledger, patience_of(config))
        yield queue, config
    finally:
        queue.ledger.close()


def tell_done(as_json: bool, text: str, **facts: object) -> None:
    """Say what was done, as text or as JSON."""
    if as_json:
        print_json(facts)
    else:
        say(text)
