"""Score what is stored: first every text is indexed, then every item is judged among all."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from items import Annotation
from items.annotation import QUALITY
from quality import VERSION, Entry, NearIndex, Quality, assess, fingerprint, input_digest
from quality.engagement import Standing
from quality.score import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from items import Item
    from storage import Store
    from storage.store import Row

TOOL = QUALITY
"""Tool of the annotation that keeps a score; its ``value`` is ``Quality.to_dict()``."""
ENGINE = "rules"
KINDS = ("post", "comment", "article", "video")
"""Kinds that are scored."""
BATCH = 500


@dataclass(slots=True, kw_only=True)
class ScoreResult:
    """What one run did."""

    seen: int = 0
    """Items of the kinds that are scored."""
    indexed: int = 0
    """Texts that were new or had changed."""
    scored: int = 0
    unchanged: int = 0
    """Scored before, and the same since."""
    changed_meanwhile: int = 0
    """Rewritten by somebody else while this ran: the next run scores them."""
    duplicates: int = 0
    """Scored items that are copies of earlier ones, exactly or nearly."""


def index_file(home: Path) -> Path:
    """Return the file of the index of near-duplicates."""
    return home / "near.db"


def score_store(
    store: Store,
    index: NearIndex,
    *,
    again: bool = False,
    progress: Callable[[int, int | None], None] = lambda _done, _all: None,
) -> ScoreResult:
    """Score all items that are new, have changed or were scored by other rules.

    Each item is saved as it is scored, so a run that was stopped loses nothing, and the next one
    goes on where it was.

    Args:
        store: Open.
        index: Open.
        again: Score the others, too: their sources may have grown.
        progress: Called after each batch with steps done and steps in all, two for each item.

    Raises:
        StoreError: The store or the index is away.
    """
    result = ScoreResult()
    with closing(Standing()) as standing:
        for rows in _batches(store):
            result.indexed += _note(rows, index, standing)
            result.seen += len(rows)
            progress(result.seen, None)
        done = 0
        for rows in _batches(store):
            for row in rows:
                _score(store, row, index, standing, again=again, result=result)
            done += len(rows)
            progress(result.seen + done, 2 * max(result.seen, done))
    return result


def kept_score(row: Row) -> dict[str, Any] | None:
    """Return what is kept of an item's quality: ``Quality.to_dict()``; ``None`` if not scored."""
    for annotation in row["annotations"]:
        if annotation["tool"] == TOOL:
            value: dict[str, Any] = annotation["value"]
            return value
    return None


def thread_of(row: Row) -> str:
    """Return the identity of the post or video that an item stands under, or its own."""
    return str(row.get("root") or row["identity"])


def _batches(store: Store) -> Iterator[list[Row]]:
    rows = store.scan(kinds=KINDS)
    while batch := list(islice(rows, BATCH)):
        yield batch


def _note(rows: list[Row], index: NearIndex, standing: Standing) -> int:
    standing.note(list(rows))
    posts = [(row["identity"], row["crosspost_of"]) for row in rows if row.get("crosspost_of")]
    if posts:
        index.join(posts)
    return index.add(
        Entry(row["identity"], thread_of(row), fingerprint(text_of(row))) for row in rows
    )


def _score(
    store: Store,
    row: Row,
    index: NearIndex,
    standing: Standing,
    *,
    again: bool,
    result: ScoreResult,
) -> None:
    known = next((a for a in row["annotations"] if a["tool"] == TOOL), None)
    fresh = known and known["version"] == VERSION and known["value"]["of"] == input_digest(row)
    if fresh and not again:
        result.unchanged += 1
        return
    quality = assess(row, twin=index.twin(row["identity"]), rank=standing.rank(row))
    if _keep(store, row["identity"], quality):
        result.scored += 1
        result.duplicates += quality.twin is not None
    else:
        result.changed_meanwhile += 1


def _keep(store: Store, identity: str, quality: Quality) -> bool:
    annotation = Annotation(
        tool=TOOL, engine=ENGINE, version=VERSION, value=asdict(quality), score=quality.score
    )
    kept = False

    def change(item: Item) -> None:
        nonlocal kept
        if kept := input_digest(item.to_dict()) == quality.of:
            others = [a for a in item.annotations if a.tool != TOOL]
            item.annotations = [*others, annotation]

    store.update(identity, change)
    return kept
