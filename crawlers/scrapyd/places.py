"""Where a node keeps what it keeps, and what it is called."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from storage.jobs import open_jobs
from storage.jobs.reconciling import Patience

if TYPE_CHECKING:
    from pathlib import Path

    from gleanery.config import Config
    from storage.jobs import Job, JobLedger

PROJECT = "default"
"""scrapyd's name for what ``scrapy.cfg`` describes."""


def ledger_of(config: Config) -> JobLedger:
    """Open the jobs' ledger that ``config`` names.

    Raises:
        ConfigError: It cannot be opened.
    """
    return open_jobs(lambda name: getattr(config, name.lower(), None), config.home)


def patience_of(config: Config) -> Patience:
    """Return when a job is given up."""
    return Patience(
        lost_seconds=config.jobs_lost_seconds,
        stalled_minutes=config.jobs_stalled_minutes,
        attempts=config.jobs_attempts,
    )


def node_name(config: Config) -> str:
    """Return this node's name."""
    return config.scrapyd_node or socket.gethostname()


def logs_folder(config: Config) -> Path:
    """Return the folder of the logs of jobs."""
    return config.home / "scrapyd" / "logs"


def log_file(config: Config, job: Job) -> Path:
    """Return the log of a job, all attempts on this machine one after the other."""
    return logs_folder(config) / job.project / job.spider / f"{job.job}.log"
