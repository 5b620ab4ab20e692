"""The truth about jobs: what was asked for, where it runs, how it ended."""

from storage.jobs.finding import JobFilter
from storage.jobs.job import ACTIVE, ENDED, STATES, Job, JobEvent, Node, State
from storage.jobs.ledger import JobLedger
from storage.jobs.opening import open_jobs

__all__ = [
    "ACTIVE",
    "ENDED",
    "STATES",
    "Job",
    "JobEvent",
    "JobFilter",
    "JobLedger",
    "Node",
    "State",
    "open_jobs",
]
