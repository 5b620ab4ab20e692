"""Near-duplicates in an index of a million texts, and the score of an item.

The index is a file of the very kind that ``gleanery quality`` keeps. ``benchmarks.near_filling``
brings it to all but a fiftieth of its size, the rest goes in by ``NearIndex.add``, which is timed;
then texts are looked up: edited copies of what is in it, and new ones. ``--texts N`` fills it with
fewer. Times are of the processor and of the clock: what else the machine does is in the second
only. Takes some minutes on two processors; of the clock most goes into signatures.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.goals import Goal, show
from benchmarks.near_filling import fill, identity, say
from benchmarks.near_texts import CHUNK, EXACT, texts
from quality import Entry, NearIndex, assess, fingerprint

ALL, CHECKS, RULED = 1_000_000, 3000, 500


@dataclass(frozen=True, slots=True)
class Checked:
    """What looking texts up took, in milliseconds each."""

    cpu: float
    clock: float
    slow: float
    """Of the clock; one in a hundred took longer."""
    found: float
    """Share of those whose original was found."""


def memory_mib() -> float:
    """Return the most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def add(index: NearIndex, chunks: range) -> float:
    """Index the texts of some chunks as a crawl's are; return milliseconds of the processor each.

    Making the texts is left out, their fingerprints are not.
    """
    seconds = 0.0
    for chunk in chunks:
        made = texts(chunk)
        began = time.process_time()
        index.add(
            Entry(identity(chunk, n), identity(chunk, n), fingerprint(text))
            for n, text in enumerate(made)
        )
        seconds += time.process_time() - began
    return 1000 * seconds / (len(chunks) * CHUNK)


def check(index: NearIndex, asked: list[tuple[str, str]]) -> Checked:
    """Look texts up, each given with the identity of its original."""
    times, found, cpu = [], 0, time.process_time()
    for original, text in asked:
        began = time.perf_counter()
        mark = fingerprint(text)
        found += mark is not None and original in {t.identity for t in index.check(mark)}
        times.append(1000 * (time.perf_counter() - began))
    cpu = 1000 * (time.process_time() - cpu) / len(asked)
    slow = sorted(times)[int(0.99 * len(times))]
    return Checked(cpu, sum(times) / len(times), slow, found / len(asked))


def edited(chunks: int) -> list[tuple[str, str]]:
    """Return copies with a word added, of texts out of the whole index.

    Those that are exact copies themselves are left out: of them the first one is found.
    """
    some = range(0, chunks, max(chunks // 30, 1))
    step = max(len(some) * CHUNK // CHECKS, 1)
    return [
        (identity(chunk, n), f"{text} 끝")
        for chunk in some
        for n, text in enumerate(texts(chunk))
        if n % step == 0 and n % EXACT != EXACT - 1
    ]


def score_milliseconds() -> float:
    """Return milliseconds of the processor that the rules take for an item."""
    plain = {"identity": "t:1", "platform": "t", "kind": "comment", "url": "", "title": ""}
    rows = [plain | {"text": text, "language": None} for text in texts(0)[:RULED]]
    assess(rows[0])
    began = time.process_time()
    for row in rows:
        assess(row)
    return 1000 * (time.process_time() - began) / len(rows)


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[sys.argv.index("--texts") + 1]) if "--texts" in sys.argv else ALL
    chunks = max(count // CHUNK, 2)
    last = range(chunks - max(chunks // 50, 1), chunks)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "near.db"
        filling = multiprocessing.Process(target=fill, args=(path, last.start))
        filling.start()  # in a process of its own: its memory is not what is measured
        filling.join()
        if filling.exitcode:
            sys.exit("the index was not filled")
        asked, new = edited(chunks), [("", text) for n in (0, 1, 2) for text in texts(chunks + n)]
        before, began = memory_mib(), time.monotonic()
        with NearIndex(path) as index:
            adding = add(index, last)
            say("the last ones added", began)
            copies, strange, there = check(index, asked), check(index, new), len(index)
        grown = memory_mib() - before
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
    said = f"check at {there:,} texts"
    show(
        [
            Goal(f"{said}, an edited copy: ms of the processor", copies.cpu, "<= 1"),
            Goal(f"{said}, an edited copy: ms of the clock", copies.clock),
            Goal(f"{said}, an edited copy: slowest 1 %, ms of the clock", copies.slow),
            Goal(f"{said}, a new text: ms of the processor", strange.cpu, "<= 1"),
            Goal(f"{said}, a new text: ms of the clock", strange.clock),
            Goal("edited copies found", copies.found, ">= 0.95"),
            Goal("indexing the last fiftieth: ms of the processor an item", adding, "<= 1"),
            Goal("file: bytes an item", size / there),
            Goal("memory grown by: MiB", grown, "<= 200"),
            Goal("rules: ms an item", score_milliseconds()),
        ]
    )


if __name__ == "__main__":
    main()
