"""Transcripts as records of a book; a long one is several, since a document ends at 16 MiB."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from items.transcript import Line, Transcript
from storage.book import MOST, family_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage.book import Book, Record

PART = 5000
"""Lines of a record; an engine's line is 30 seconds of speech at most, some 2 kB."""


def save(book: Book, transcript: Transcript) -> None:
    """Keep a transcript in place of an older one of the same sound."""
    records = {record["key"]: record for record in _records(transcript)}
    book.change([*records], lambda key, _: records[key])


def read(book: Book, identity: str) -> list[Transcript]:
    """Return the transcripts of an item, in the order of their sounds' keys."""
    found = book.listed(group=family_of(identity), limit=MOST)
    found.sort(key=lambda record: (record["sound"], record["part"]))
    return [
        _joined(list(records)) for _, records in groupby(found, key=lambda record: record["sound"])
    ]


def _records(transcript: Transcript) -> Iterator[Record]:
    lines = [[line.start, line.end, line.text] for line in transcript.lines]
    parts = [lines[n : n + PART] for n in range(0, len(lines), PART)] or [[]]
    for number, part in enumerate(parts):
        yield {
            "key": f"{transcript.identity}/{transcript.sound}/{number:04}",
            "group": family_of(transcript.identity),
            "at": transcript.created_at,
            "identity": transcript.identity,
            "sound": transcript.sound,
            "part": number,
            "parts": len(parts),
            "language": transcript.language,
            "engine": transcript.engine,
            "version": transcript.version,
            "plan": transcript.plan,
            "lines": part,
        }


def _joined(records: list[Record]) -> Transcript:
    first: dict[str, Any] = records[0]
    # An older, longer one may have left parts behind it.
    lines = [line for record in records[: first["parts"]] for line in record["lines"]]
    names = ("identity", "sound", "language", "engine", "version", "plan")
    return Transcript(
        **{name: first[name] for name in names},
        created_at=first["at"],
        lines=tuple(Line(start, end, text) for start, end, text in lines),
    )
