"""The truth about jobs: what was asked for, where it runs, how it ended."""

from storage.jobs.finding import JobFilter
from storage.jobs.job import ACTIVE, ENDED, STATES, Job, JobEvent, Node, State
from storage.jobs.ledger import JobLedger
from storage.jobs.opening import open_jobs
from storage.jobs.schedule import Schedule
from storage.jobs.schedules import Schedules

__all__ = [
    "ACTIVE",
    "ENDED",
    "STATES",
    "Job",
    "JobEvent",
    "JobFilter",
    "JobLedger",
    "Node",
    "Schedule",
    "Schedules",
    "State",
    "open_jobs",
]
