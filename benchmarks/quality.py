"""Near-duplicates in an index of a million texts, and the score of an item.

The texts are made of random words, Korean and English, 40 to 900 characters; one in ten is an
edited copy of an earlier one, as on platforms. ``--texts N`` fills the index with fewer. Times are
of the processor and of the clock: what else the machine does is in the second only.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.goals import Goal, show
from quality import Entry, NearIndex, assess, fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator

ALL, BATCH, CHECKS = 1_000_000, 2000, 3000
SYLLABLES = [chr(0xAC00 + 28 * n) for n in range(0, 399, 3)]


def words(dice: random.Random) -> list[str]:
    """Return a vocabulary of 20,000 made-up words, half of them Korean."""
    korean = ["".join(dice.choices(SYLLABLES, k=dice.randint(1, 4))) for _ in range(10_000)]
    letters = "etaoinshrdlucmfw"
    english = ["".join(dice.choices(letters, k=dice.randint(2, 9))) for _ in range(10_000)]
    return korean + english


def texts(count: int) -> Iterator[str]:
    """Yield texts; the same ones each time."""
    dice = random.Random(19)
    korean_and_english = words(dice)
    earlier = [""] * 1000
    for number in range(count):
        if number % 10 == 9:
            text = "[re] " + dice.choice(earlier)
        else:
            half = dice.choice((korean_and_english[:10_000], korean_and_english[10_000:]))
            text = " ".join(dice.choices(half, k=dice.randint(10, 150)))
        earlier[number % 1000] = text
        yield text


def memory_mib() -> float:
    """Return the most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def fill(index: NearIndex, count: int) -> tuple[float, float]:
    """Index ``count`` texts; return seconds of the processor an item, first and last tenth."""
    source, number, seconds = texts(count), 0, []
    while batch := list(islice(source, BATCH)):
        began = time.process_time()
        index.add(Entry(f"t:{number + k}", f"t:{number + k}", fingerprint(text))
                  for k, text in enumerate(batch))  # fmt: skip
        seconds.append((time.process_time() - began) / len(batch))
        number += len(batch)
    tenth = max(len(seconds) // 10, 1)
    return sum(seconds[:tenth]) / tenth, sum(seconds[-tenth:]) / tenth


def check(index: NearIndex, count: int) -> tuple[float, float, float]:
    """Look edited copies up; return seconds of processor and clock, and the share found."""
    step = max(count // CHECKS, 1)
    asked = [(n, f"{text} 끝") for n, text in enumerate(texts(count)) if n % step == 0 and text]
    cpu, clock, found = time.process_time(), time.perf_counter(), 0
    for number, text in asked:
        mark = fingerprint(text)
        found += mark is not None and f"t:{number}" in {t.identity for t in index.check(mark)}
    return (
        (time.process_time() - cpu) / len(asked),
        (time.perf_counter() - clock) / len(asked),
        found / len(asked),
    )


def score_seconds() -> float:
    """Return seconds of the processor that the rules take for an item."""
    plain = {"identity": "t:1", "platform": "t", "kind": "comment", "url": "", "title": ""}
    rows = [plain | {"text": text, "language": None} for text in texts(500)]
    assess(rows[0])
    began = time.process_time()
    for row in rows:
        assess(row)
    return (time.process_time() - began) / len(rows)


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[sys.argv.index("--texts") + 1]) if "--texts" in sys.argv else ALL
    before = memory_mib()
    with tempfile.TemporaryDirectory() as folder, NearIndex(Path(folder) / "near.db") as index:
        first, last = fill(index, count)
        cpu, clock, found = check(index, count)
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
    grown = memory_mib() - before
    show(
        [
            Goal(f"near-duplicate check at {count:,}: ms of the processor", cpu * 1e3, "<= 1"),
            Goal(f"near-duplicate check at {count:,}: ms of the clock", clock * 1e3),
            Goal("edited copies found", found, ">= 0.95"),
            Goal("indexing, first tenth: ms an item", first * 1e3),
            Goal("indexing, last tenth: ms an item", last * 1e3, "<= 1"),
            Goal("file: bytes an item", size / count),
            Goal("memory grown by: MiB", grown, "<= 200"),
            Goal("rules: ms an item", score_seconds() * 1e3),
        ]
    )


if __name__ == "__main__":
    main()
