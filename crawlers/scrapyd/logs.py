"""The log of a job, on the machine it ran on: its end, by level and by words."""

from __future__ import annotations

import json
import re
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
LONG = 400
"""Bytes of a line, as a guess."""
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
    looked = LOOKED if least or wanted else min(lines * LONG, LOOKED)
    while True:
        said, whole = _read(path, looked)
        found = [*_ranked("\n".join(said), least)] if least else said
        if wanted:
            found = [line for line in found if wanted in line.casefold()]
        if len(found) >= lines or whole or looked == LOOKED:
            return found[-lines:]
        looked = min(looked * 8, LOOKED)  # they were longer


def _read(path: Path, looked: int) -> tuple[list[str], bool]:
    """Return the lines of a log's last bytes, as text, and whether that is all there is."""
    with path.open("rb") as file:
        skipped = max(file.seek(0, 2) - looked, 0)
        file.seek(skipped)
        if skipped:
            file.readline()  # the end of a line that is cut
        rows = file.read().decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    if not rows[-1]:
        rows.pop()
    told = [text for row in rows for text in (_told(row) if row[:1] == "{" else (row,))]
    return told, not skipped


def _ranked(said: str, least: int) -> Iterator[str]:
    """Yield the lines of a level at least, each with those after it that have no level.

    It goes from one word for a level to the next: to match each of 80,000 lines takes 100 ms.
    """
    starts = {said.rfind("\n", 0, at) + 1 for name in LEVELS[least:] for at in _places(said, name)}
    for start in sorted(starts):
        begin = _BEGIN.match(said, start)
        if begin is None or begin[1] not in LEVELS[least:]:
            continue  # it is said in the text
        at = start
        while at < len(said) and (at == start or not _BEGIN.match(said, at)):
            end = said.find("\n", at) % (len(said) + 1)
            yield said[at:end]
            at = end + 1


def _places(said: str, level: str) -> Iterator[int]:
    """Yield where lines of a level may be."""
    at = -1
    while (at := said.find(f"] {level}: ", at + 1)) >= 0:
        yield at


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
