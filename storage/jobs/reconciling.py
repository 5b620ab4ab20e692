"""Nothing is shown running for ever: jobs are held against their heartbeats and their nodes'.

Whoever looks also starts what schedules ask for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gleanery.close_reasons import did_its_work
from storage.jobs.job import ACTIVE, Job, instant
from storage.jobs.schedules import Schedules

if TYPE_CHECKING:
    from storage.jobs.ledger import JobLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """When a job is given up."""

    lost_seconds: float
    """Silence of a process and of its node after which the job is lost."""
    stalled_minutes: float
    """Time without a page or an item after which a job is stalled; 0 = never."""
    attempts: int
    """Starts of a job that is lost again and again, at most."""


def reconcile(ledger: JobLedger, patience: Patience) -> list[Job]:
    """Find lost and stalled jobs, start those that are due; any number of processes may at once.

    Returns:
        Jobs that are queued now, lost ones and due ones; a queue elsewhere must learn of them.
    """
    alive = {
        job: node.name
        for node in ledger.nodes(within_seconds=patience.lost_seconds)
        for job in node.running
    }
    silent, idle = instant(patience.lost_seconds), instant(patience.stalled_minutes * 60)
    again = []
    for job in ledger.in_states(*ACTIVE):
        kept = alive.get(job.job) == job.node and job.node is not None
        if not kept and (job.heartbeat_at or "") < silent:
            again += _lost(ledger, job, patience.attempts)
        elif patience.stalled_minutes and job.state == "running" and (job.progress_at or "") < idle:
            ledger.stall(job.job, f"no page and no item since {job.progress_at}")
    return again + Schedules(ledger).fire()


def _lost(ledger: JobLedger, job: Job, attempts: int) -> list[Job]:
    why = f"{job.node}: no sign of life since {job.heartbeat_at}"
    if job.cancel:
        ledger.end(job.job, "cancelled", node=job.node, reason=why)
    elif job.reason and job.reason != "shutdown":  # it ended after its node went away
        ledger.end(job.job, "finished" if did_its_work(job.reason) else "failed", node=job.node)
    elif job.attempt >= attempts:
        ledger.end(job.job, "lost", node=job.node, reason=why)
    elif ledger.requeue(job.job, "lost", node=job.node, detail=why):
        return [job]
    return []
