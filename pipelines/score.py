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
BATCH = 200
"""Items scored and saved at once: others wait no longer than for a crawl's batch."""


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

    Each batch is saved as it is scored, so a run that was stopped loses one at most, and the next
    one goes on where it was.

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
            scores = _due(rows, index, standing, again=again)
            kept = _keep(store, scores)
            result.unchanged += len(rows) - len(scores)
            result.scored += len(kept)
            result.changed_meanwhile += len(scores) - len(kept)
            result.duplicates += sum(scores[identity].twin is not None for identity in kept)
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


def _due(
    rows: list[Row],
    index: NearIndex,
    standing: Standing,
    *,
    again: bool,
) -> dict[str, Quality]:
    """Score what is new or has changed, by identity."""
    return {
        row["identity"]: assess(row, twin=index.twin(row["identity"]), rank=standing.rank(row))
        for row in rows
        if again or not _is_fresh(row)
    }


def _is_fresh(row: Row) -> bool:
    known = next((a for a in row["annotations"] if a["tool"] == TOOL), None)
    return bool(known and known["version"] == VERSION and known["value"]["of"] == input_digest(row))


def _keep(store: Store, scores: dict[str, Quality]) -> set[str]:
    """Return the identities of items that are still what was scored, and keep their scores."""
    kept: set[str] = set()

    def change(item: Item) -> None:
        quality = scores[item.identity]
        if input_digest(item.to_dict()) != quality.of:
            kept.discard(item.identity)
            return
        kept.add(item.identity)
        others = [a for a in item.annotations if a.tool != TOOL]
        item.annotations = [*others, _annotation(quality)]

    return kept.intersection(store.update_many(dict.fromkeys(scores, change)))


def _annotation(quality: Quality) -> Annotation:
    return Annotation(
        tool=TOOL, engine=ENGINE, version=VERSION, value=asdict(quality), score=quality.score
    )
