"""What has ended on this node, for scrapyd's own pages; read out of the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from scrapyd.interfaces import IJobStorage
from scrapyd.launcher import ScrapyProcessProtocol
from zope.interface import implementer

from crawlers.scrapyd.places import ledger_of, node_name
from gleanery.config import load_config
from storage.jobs import ENDED, JobFilter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage.jobs import Job

KEPT = 100
"""Jobs that are listed, newest first; `gleanery jobs list` has all."""


@implementer(IJobStorage)
class EndedJobs:
    """``jobstorage`` of scrapyd; survives a restart."""

    def __init__(self, config: object) -> None:
        own = load_config()
        self.ledger = ledger_of(own)
        self.wanted = JobFilter(states=ENDED, node=node_name(own))

    def add(self, job: object) -> None:
        """The launcher has noted it already."""

    def list(self) -> list[ScrapyProcessProtocol]:
        return list(self)

    def __len__(self) -> int:
        return len(self.ledger.page(self.wanted, limit=KEPT)[0])

    def __iter__(self) -> Iterator[ScrapyProcessProtocol]:
        return map(_process, self.ledger.page(self.wanted, limit=KEPT)[0])


def _process(job: Job) -> ScrapyProcessProtocol:
    process = ScrapyProcessProtocol(job.project, job.spider, job.job, env={}, args=[])
    process.start_time = _local(job.started_at or job.created_at)
    process.end_time = _local(job.ended_at or job.created_at)
    return process


def _local(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone().replace(tzinfo=None)  # as scrapyd has them
