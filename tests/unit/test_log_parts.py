"""A job's log, part by part from its end."""

from __future__ import annotations

import pytest

pytest.importorskip("scrapyd", reason="needs gleanery[server]")

from crawlers.scrapyd.log_places import PIECE, FileLog
from crawlers.scrapyd.logs import LOOKED, tail
from gleanery.json_log import write_line

TEXT = [
    f"2026-11-25 10:00:00 [a] {'ERROR: failed' if n % 50 == 0 else 'DEBUG: 좋아요'} {n}"
    for n in range(300)
]
TRACE = ["Traceback, Ärger", "  of the hundredth", '{"time": "2026", "level": broken', ""]
FIELDS = {"time": "2026-11-25T10:00:00Z", "logger": "a"}
MIXED = [
    *TEXT[:101], *TRACE, *TEXT[101:],
    *(
        write_line(FIELDS | {"level": ("INFO", "ERROR")[n % 2], "message": f'"said" 좋아 {n}'})
        for n in range(200)
    ),
]  # fmt: skip
SHOWN = [
    *MIXED[:304],
    *(f'2026-11-25 10:00:00 [a] {("INFO", "ERROR")[n % 2]}: "said" 좋아 {n}' for n in range(200)),
]


def leafed(path, **question):
    """Return all lines that are looked for, and how many looks it took."""
    part, looks = tail(FileLog(path), **question), 1
    found = part.lines
    while part.before:
        part, looks = tail(FileLog(path), **question, before=part.before), looks + 1
        found = part.lines + found
    return found, looks


@pytest.mark.parametrize("lines", [1, 7, 97, 5000])
@pytest.mark.parametrize(
    ("question", "fits"),
    [
        ({}, lambda line: True),
        ({"text": "FAILED 1"}, lambda line: "failed 1" in line),
        ({"text": '[a] error: "SAID"'}, lambda line: 'ERROR: "said' in line),
        ({"text": "좋아"}, lambda line: "좋아" in line),
        ({"text": "ÄRGER"}, lambda line: "Ärger" in line),
        ({"level": "ERROR"}, lambda line: " ERROR: " in line or line in TRACE),
        ({"level": "ERROR", "text": "hundredth"}, lambda line: "hundredth" in line),
        ({"level": "CRITICAL"}, lambda line: False),
    ],
)
def test_parts_follow_one_another_whatever_is_looked_for(tmp_path, lines, question, fits):
    log = tmp_path / "one.log"
    log.write_text("".join(f"{line}\n" for line in MIXED), encoding="utf-8")

    found, _ = leafed(log, lines=lines, **question)

    assert found == [line for line in SHOWN if fits(line)]


def test_one_look_goes_through_8_mib_and_the_next_one_on(tmp_path):
    """A line that is longer is cut; bytes that are no text count as they are."""
    log = tmp_path / "one.log"
    wide = "2026-11-25 10:00:00 [b] INFO: " + 1000 * "x"
    with log.open("wb") as file:
        file.write(b"2026-11-25 10:00:00 [a] ERROR: \xff first\r\n")
        file.write((f"{wide}\n" * 20_000).encode())
        file.write(b"y" * (LOOKED + 7) + b"\n")
    first = "2026-11-25 10:00:00 [a] ERROR: \ufffd first"

    assert leafed(log, lines=10, level="ERROR") == ([first], 4)
    assert leafed(log, lines=10, text="FIRST") == ([first], 4)
    assert tail(FileLog(log), 1).lines == ["y" * (LOOKED - 1)]


def test_a_log_that_grows_is_handed_on_as_long_as_it_was(tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(b"x" * (PIECE + 5))

    pieces = FileLog(path).pieces()
    first = next(pieces)
    with path.open("ab") as log:
        log.write(b"later")

    assert [first, *pieces] == [b"x" * PIECE, b"x" * 5]
