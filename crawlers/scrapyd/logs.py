"""A part of the log of a job, by level and by words."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from crawlers.scrapyd.log_lines import Sought, level_at
from crawlers.scrapyd.log_places import FileLog, log_of
from gleanery.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlers.scrapyd.log_places import Log
    from gleanery.config import Config
    from storage.jobs import Job

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
LEVELS: tuple[Level, ...] = get_args(Level)
LOOKED = 8 * 2**20
"""Bytes that are looked through at once."""
STEP = 2**20
"""Bytes that are read at once."""
LONG = 400
"""Bytes of a line, as a guess."""
MOST_GROWN = 2**16
"""Bytes that are told as new ones."""
WIDEST = 4000
"""Characters of a line that are shown."""
HEADLESS = 200
"""Lines of a traceback, at most, whose beginning is looked for."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some lines of a log, in order, without their ends."""

    lines: list[str]
    before: int
    """Bytes of the log that nobody has looked at, those before; 0 = none."""
    end: int
    """Bytes of the log up to the end of this part."""


@dataclass(frozen=True, slots=True)
class Grown:
    """What was written at the end of a log."""

    start: int = 0
    """Bytes of the log before it."""
    end: int = 0
    """Bytes of the log with it; another negative number each second where nobody knows."""
    text: str = ""
    """Whole lines."""


def tail(
    log: Log, lines: int, *, level: str = "", text: str = "", before: int | None = None
) -> Part:
    """Return the last lines of a log, as far as 8 MiB have them.

    Args:
        log: Wherever it is.
        lines: At most.
        level: The least, one of :data:`LEVELS`; a traceback goes with the line before it.
        text: Part of each line, in capitals or not.
        before: Of another part: those before it; ``None`` = those at the end.
    """
    least = LEVELS.index(level) if level in LEVELS else 0
    sought = Sought(levels=LEVELS[least:] if least else (), text=text.casefold())
    step = STEP if level or text else lines * LONG
    found: list[str] = []
    size = log.size()
    at = end = size if before is None else min(before, size)
    for begin, said in _pieces(log, at, step, whole_records=bool(least)):
        rows = sought.rows(said)
        excess = max(len(rows) + len(found) - lines, 0)
        at = begin + (_bytes(said[: rows[excess][0]]) if excess else 0)
        found = [_plain(line) for _, line in rows[excess:]] + found
        if len(found) == lines:
            break
    return Part(found, at, end)


def grown(config: Config, job: Job, start: int | None) -> Grown:
    """Return what was written to the log of a job since it had ``start`` bytes; waits for nobody.

    Of what is more than 64 KiB, or was written before (``None``), there is the end alone; and there
    is nothing where there is no log.
    """
    try:
        log = log_of(config, job)
        if not isinstance(log, FileLog):  # who wants to know has to ask the node
            now = -1 - int(time.monotonic())
            return Grown(now, now)
        size = log.size()
        if start is None or not 0 <= start <= size <= start + MOST_GROWN:
            return Grown(size, size)
        read = log.read(start, size)
    except (ConfigError, OSError):
        return Grown()
    read = read[: read.rfind(b"\n") + 1]
    rows = Sought(levels=(), text="").rows(_text(read)) if read else []
    lines = [f"{_plain(line)[:WIDEST]}\n" for _, line in rows]
    return Grown(start, start + len(read), "".join(lines))


def _pieces(log: Log, end: int, step: int, *, whole_records: bool) -> Iterator[tuple[int, str]]:
    """Yield the 8 MiB before ``end``, the last piece first, and where in the log each begins.

    A piece is of whole lines, or of whole records: none is parted from its traceback.
    """
    at, floor = end, max(end - LOOKED, 0)
    while at > floor:
        low = max(at - step, floor)
        read = log.read(low, at)
        cut = read.find(b"\n") + 1 if low else 0
        if low and cut in {0, len(read)}:  # no line begins here
            if low > floor:
                step *= 8
                continue
            if at < end:
                return  # there will be more room for it
            cut = 0
        said = _text(read[cut:])
        headless = _headless(said) if whole_records and low else 0
        at = low + cut + _bytes(said[:headless])
        yield at, said[headless:]
        if low == floor:
            return


def _headless(said: str) -> int:
    """Return how many characters at the beginning belong to a line before; 0 = who knows."""
    at = 0
    for _ in range(HEADLESS):
        if level_at(said, at):
            return at
        at = said.find("\n", at) + 1
        if not at:
            break
    return 0


def _text(read: bytes) -> str:
    return read.removesuffix(b"\n").decode("utf-8", "surrogateescape")  # each byte still counts


def _bytes(said: str) -> int:
    return len(said.encode("utf-8", "surrogateescape"))


def _plain(line: str) -> str:
    line = line.removesuffix("\r")
    if line.isascii():
        return line
    return line.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
