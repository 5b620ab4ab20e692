"""A dry run in a process of its own: a spider that hangs or crashes hurts nobody else."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

from crawlers.dry_run import SECONDS, DryRun, FirstRequest
from gleanery.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

STARTING_SECONDS = 15.0
"""Time for the process to begin, besides that of the run."""
AT_ONCE = threading.BoundedSemaphore(2)


def dry_run(spider: str, arguments: Mapping[str, str], settings: Mapping[str, str]) -> DryRun:
    """Work out what a job would ask for first.

    Args:
        spider: Its name.
        arguments: Of the spider.
        settings: Of the job, laid over those of the project.

    Raises:
        ConfigError: The spider refused, failed or took too long, or two others go on; the message
            says which.
    """
    if not AT_ONCE.acquire(blocking=False):
        raise ConfigError("two dry runs are going on: try again soon (잠시 후 다시 시도하세요)")
    try:
        found = _run({"spider": spider, "arguments": {**arguments}, "settings": {**settings}})
    finally:
        AT_ONCE.release()
    if "error" in found:
        raise ConfigError(str(found["error"]))
    requests = [FirstRequest(**each) for each in found.pop("requests")]
    return DryRun(requests=requests, **found)


def _run(asked: dict[str, Any]) -> dict[str, Any]:
    try:
        done = subprocess.run(
            [sys.executable, "-m", "crawlers.dry_run"], input=json.dumps(asked), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False,
            timeout=SECONDS + STARTING_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise ConfigError("the spider took too long to begin (시간 초과)") from error
    if not done.stdout:
        raise ConfigError(f"the spider's process ended with {done.returncode} (비정상 종료)")
    found: dict[str, Any] = json.loads(done.stdout)
    return found
