"""``gleanery work``: do what waits in the work queue, look at it, and steer it."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.output import AsJson, print_json, print_table, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gleanery.config import Config
    from pipelines.work.worker import WorkResult
    from storage.work import Counts, WorkQueue

logger = logging.getLogger(__name__)
work = typer.Typer(
    help="Download, vectorise and transcribe what crawls have found (대기 중인 작업 처리).",
    invoke_without_command=True,
)
Limit = Annotated[int, typer.Option(min=1, help="Rows at most. / 최대 행 수.")]


@work.callback()
def run(
    context: typer.Context,
    *,
    once: Annotated[
        bool, typer.Option("--once", help="End when nothing is left. / 다 끝나면 종료.")
    ] = False,
    jobs: Annotated[
        int, typer.Option(min=0, help="Items at once; 0 = as configured. / 동시 작업 수.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Work until stopped; Ctrl-C or SIGTERM ends the steps under way, twice gives them back."""
    if context.invoked_subcommand:
        return
    from commands.work_run import run_worker
    from gleanery.config import load_config

    config = load_config()
    result = run_worker(config, once=once, jobs=jobs)
    with opened_queue(config) as queue:
        counts = queue.counts()
    if config.log_format == "json" and not as_json:  # whoever collects lines reads no tables
        logger.info("Work has ended", extra={"fields": _told(result, counts)})
    else:
        _show(result, counts, as_json=as_json)
    if once and counts.queued:
        raise typer.Exit(1)


@work.command()
def stats(as_json: AsJson = False) -> None:
    """Count what is queued, under way, parked and done (작업 현황)."""
    from gleanery.config import load_config

    with opened_queue(load_config()) as queue:
        counts = asdict(queue.counts())
    if as_json:
        print_json(counts)
    else:
        print_table("Work / 작업", ("what", "#jobs"), counts.items())


@work.command()
def parked(limit: Limit = 50, as_json: AsJson = False) -> None:
    """List jobs that failed too often, and why (포기한 작업과 이유)."""
    from gleanery.config import load_config

    with opened_queue(load_config()) as queue:
        jobs = queue.parked(limit)
    if as_json:
        print_json([asdict(job) for job in jobs])
    else:
        rows = ((job.identity, job.steps[0], job.history[-1].reason) for job in jobs)
        print_table("Parked / 포기한 작업", ("item", "step / 단계", "why / 이유"), rows)


@work.command()
def requeue(
    identities: Annotated[
        list[str] | None, typer.Argument(help="Items shown by `parked`. / `parked`의 항목.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All of them. / 모두.")] = False,
    as_json: AsJson = False,
) -> None:
    """Try parked jobs again (포기한 작업을 다시 시도)."""
    from gleanery.config import load_config
    from gleanery.errors import ConfigError

    if bool(identities) == every:
        raise ConfigError("Name items, or give --all (항목이나 --all 가운데 하나를 주세요).")
    with opened_queue(load_config()) as queue:
        number = queue.requeue("all" if every else identities or [])
    _tell(as_json, f"{number} queued again / 다시 대기열로: {number}", requeued=number)


@work.command()
def enqueue(as_json: AsJson = False) -> None:
    """Queue stored items that lack a step of today's configuration (빠진 작업 추가)."""
    from commands.counting import counting_bar
    from commands.opened import opened_store
    from gleanery.config import load_config
    from pipelines.work.enqueue import enqueue_missing

    config = load_config()
    with (
        opened_store(config) as store,
        opened_queue(config) as queue,
        counting_bar("enqueue") as progress,
    ):
        counts = enqueue_missing(config, store, queue, progress=lambda n: progress(n, None))
    _tell(
        as_json,
        f"{counts['queued']} queued, {counts['known']} already known / 추가 {counts['queued']}",
        **counts,
    )


@contextmanager
def opened_queue(config: Config) -> Iterator[WorkQueue]:
    """Yield the work queue, open.

    Raises:
        StoreError: It is away, or is none of ours.
    """
    from pipelines.work.enqueue import queue_of

    with queue_of(config) as queue:
        yield queue


def _told(result: WorkResult, counts: Counts) -> dict[str, Any]:
    return result.to_dict() | {"queue": asdict(counts)}


def _show(result: WorkResult, counts: Counts, *, as_json: bool) -> None:
    if as_json:
        print_json(_told(result, counts))
        return
    print_table("Steps / 단계", ("step", "#done"), result.steps.items())
    print_table("Queue / 대기열", ("what", "#jobs"), asdict(counts).items())
    if result.message:
        say(result.message)


def _tell(as_json: bool, text: str, **values: Any) -> None:
    if as_json:
        print_json(values)
    else:
        say(text)
