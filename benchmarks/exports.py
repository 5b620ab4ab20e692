"""Training sets out of a store: items a second of the processor, and memory.

``--items N`` for another number than 200,000. Items are posts of 60 to 400 characters, scored and
classified; one export takes a tenth of them, one all: memory must not follow.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.goals import Goal, show
from exports import ExportPlan, export
from items import Annotation, Post
from items.clock import utc_now
from quality import NearIndex
from storage import Store, open_store

ALL, BATCH = 200_000, 5000


def a_post(number: int) -> Post:
    """Return one item; its text follows from its number."""
    dice = random.Random(number)
    words = ("마늘", "국물", "간장", "kettle", "garlic", "broth", "시장", "grandmother")
    classify = Annotation(tool="classify", engine="e5", version="1", value={}, score=0.8)
    value = {"score": dice.random(), "reasons": [], "language": "ko", "twin": None, "of": ""}
    scored = Annotation(tool="quality", engine="rules", version="1", value=value)
    return Post(
        platform="reddit", external_id=f"t3_{number}", url=f"https://e.com/{number}",
        title=" ".join(dice.choices(words, k=6)),
        text=" ".join(dice.choices(words, k=dice.randint(10, 70))), community="cooking",
        category="food", classified_at=utc_now(), annotations=[classify, scored],
    )  # fmt: skip


def measure(store: Store, out: Path, index: NearIndex, **more: object) -> tuple[float, float]:
    """Return items a second of the processor and of the clock."""
    plan = ExportPlan(category="food", min_quality=0.0, **more)  # type: ignore[arg-type]
    cpu, clock = time.process_time(), time.perf_counter()
    items = sum(export(plan, store, out, index=index).items.values())
    return items / (time.process_time() - cpu), items / (time.perf_counter() - clock)


def memory_mib() -> float:
    """Return the most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[sys.argv.index("--items") + 1]) if "--items" in sys.argv else ALL
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with open_store("sqlite", folder / "s.db") as store, NearIndex(folder / "n.db") as index:
            for start in range(0, count // 10, BATCH):
                store.save([a_post(n) for n in range(start, min(start + BATCH, count // 10))])
            measure(store, folder / "tenth", index)
            before = memory_mib()
            for start in range(count // 10, count, BATCH):
                store.save([a_post(n) for n in range(start, min(start + BATCH, count))])
            jsonl, clock = measure(store, folder / "jsonl", index)
            grown = memory_mib() - before
            webdataset, _ = measure(store, folder / "tar", index, format="webdataset")
            parquet, _ = measure(store, folder / "parquet", index, format="parquet")
    show(
        [
            Goal("JSONL: items/s of the processor", jsonl, ">= 20000"),
            Goal("JSONL: items/s of the clock", clock),
            Goal("WebDataset: items/s of the processor", webdataset),
            Goal("Parquet: items/s of the processor", parquet),
            Goal("memory grown with ten times the items: MiB", grown, "<= 64"),
        ]
    )


if __name__ == "__main__":
    main()
