"""The log of a job, on the machine it ran on: its end, by level and by words."""

from __future__ import annotations

import json
import re
from collections import deque
from typing import TYPE_CHECKING, Literal, get_args

from crawlers.scrapyd.places import log_file, logs_folder
from gleanery.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gleanery.config import Config
    from storage.jobs import Job

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
LEVELS: tuple[Level, ...] = get_args(Level)
LOOKED = 8 * 2**20
"""Bytes at a log's end that are looked through."""
_BEGIN = re.compile(r"\d{4}-\d\d-\d\d [\d:,.]+ \[[^\]\n]*\] ([A-Z]+): ")


def log_of(config: Config, job: Job) -> Path:
    """Return the log of a job.

    Raises:
        ConfigError: It is not on this machine.
    """
    path = log_file(config, job).resolve()
    if not path.is_relative_to(logs_folder(config).resolve()) or not path.is_file():
        raise ConfigError(f"no log of {job.job} on this machine; it ran on {job.node} (로그 없음)")
    return path


def tail(path: Path, lines: int, *, level: str = "", text: str = "") -> list[str]:
    """Return the last lines of a log's last 8 MiB, without their ends.

    Args:
        path: The log.
        lines: At most.
        level: The least, one of :data:`LEVELS`; a traceback goes with the line before it.
        text: Part of each line, in capitals or not.
    """
    least = LEVELS.index(level) if level in LEVELS else 0
    wanted = text.casefold()
    found = (line for rank, line in _ranked(path) if rank >= least and wanted in line.casefold())
    return list(deque(found, lines))


def _ranked(path: Path) -> Iterator[tuple[int, str]]:
    rank = 0
    with path.open("rb") as file:
        skipped = max(file.seek(0, 2) - LOOKED, 0)
        file.seek(skipped)
        if skipped:
            file.readline()  # the end of a line that is cut
        for raw in file:
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            for text in _told(line):
                if begin := _BEGIN.match(text):
                    rank = LEVELS.index(begin[1]) if begin[1] in LEVELS else 0
                yield rank, text


def _told(line: str) -> list[str]:
    """Return a line as it is; one of ``LOG_FORMAT=json`` as text, with its traceback below."""
    if not line.startswith('{"time"'):
        return [line]
    try:
        row = json.loads(line)
        at = str(row["time"]).replace("T", " ").rstrip("Z")
        message = " ".join(str(row["message"]).splitlines())
        return [
            f"{at} [{row['logger']}] {row['level']}: {message}",
            *str(row.get("exception", "")).splitlines(),
        ]
    except (ValueError, KeyError, TypeError):
        return [line]
