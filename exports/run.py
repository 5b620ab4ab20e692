"""Write a training set: one walk over the store, chapter by chapter; a kill repeats one at most."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from exports.card import write_card
from exports.clips import check_clips
from exports.counts import Counts
from exports.files import Files
from exports.groups import Groups, keep_groups
from exports.plan import SPLITS, ExportPlan, read_plan
from exports.record import to_record
from exports.row import Row
from exports.shards import SHARDS, check_libraries
from gleanery.errors import ConfigError, StoreError
from gleanery.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from exports.record import Record
    from exports.shards import Shard
    from media.store import MediaStore
    from quality import NearIndex
    from storage import Store

Progress = Callable[[int, int | None], None]
"""Told how many items were looked at; of how many, nobody knows."""
BATCH = 100
MANIFEST, PROGRESS, GROUPS, CARD = "manifest.json", ".progress.json", ".groups.db", "README.md"
LEFT = tuple(f".{name}." for name in (MANIFEST, PROGRESS, CARD))
"""How names begin that a kill leaves behind while one of these is written."""


@dataclass(slots=True)
class ExportResult:
    """What an export holds."""

    items: dict[str, int]
    """By split."""
    shards: int
    unscored: int
    """Items of the category that ``gleanery quality`` has not scored: left out."""
    below: int
    """Items of the category below the threshold: left out."""


def export(
    plan: ExportPlan,
    store: Store,
    out: Path,
    *,
    index: NearIndex,
    media: MediaStore | None = None,
    progress: Progress = lambda _done, _all: None,
) -> ExportResult:
    """Write the items that ``plan`` wants into the folder ``out``; go on if it was begun.

    Args:
        plan: What and how.
        store: Open.
        out: A folder that is new or empty, or holds an export of the same plan that was stopped.
        index: Open; its groups are copied at the beginning, so that splits hold while it grows.
        media: Needed for files, vectors and clips.
        progress: Called after each batch with items looked at.

    Raises:
        ConfigError: The folder holds something else, an export that is done, or one of another
            plan; or a library is missing.
        StoreError: The store is away, or the item where the export stopped is gone from it.
        MediaUnavailableError: The media store is away.
    """
    check_libraries(plan.format)
    if plan.clips:
        check_clips()
    state = _begin(plan, out, index, store)
    with Groups(out / GROUPS) as groups:
        walk = _Walk(plan, out, groups, Files(plan, media), state)
        walk.take_all(_after(store.scan_as(Row, kinds=plan.kinds), state["last"]), progress)
    return _finish(plan, out, walk.state)


class _Walk:
    """The shards that are open, and what has been written so far."""

    def __init__(
        self, plan: ExportPlan, out: Path, groups: Groups, files: Files, state: dict[str, Any]
    ) -> None:
        self.plan, self.out, self.groups, self.files, self.state = plan, out, groups, files, state
        self.counts = Counts(state["counts"])
        self._open: dict[str, Shard] = {}

    def take_all(self, rows: Iterator[Row], progress: Progress) -> None:
        """Write all rows that are wanted; of an error half a chapter is not left."""
        try:
            while batch := list(islice(rows, min(BATCH, self.plan.shard_items))):
                self.take(batch)
                progress(self.state["seen"], None)
            self.close_chapter()
        except BaseException:
            self.abandon()
            raise

    def take(self, rows: list[Row]) -> None:
        """Write those of a batch that are wanted."""
        wanted = []
        for row in rows:
            if not self.plan.wants(row):
                continue
            if (quality := row.quality) is None:
                self.counts.leave_out("unscored")
            elif quality["score"] < self.plan.min_quality:
                self.counts.leave_out("below")
            else:
                wanted.append((row, quality, row.thread))
        names = self.groups.names(thread for _, _, thread in wanted) if wanted else {}
        written = [self._write(row, score, names.get(of, of)) for row, score, of in wanted]
        self.counts.add(written)
        self.state["seen"] += len(rows)
        self.state["last"] = rows[-1].identity
        if sum(shard.items for shard in self._open.values()) >= self.plan.shard_items:
            self.close_chapter()

    def _write(self, row: Row, quality: dict[str, Any], group: str) -> Record:
        split = self.plan.ratios.split_of(group)
        vector = self.files.vector_of(row)
        record = to_record(row, quality=quality, group=group, vector=vector)
        if split not in self._open:
            cls = SHARDS[self.plan.format]
            name = f"{split}-{self.state['chapter']:05}.{cls.suffix}"
            self._open[split] = cls(self.out / name)
        self._open[split].add(record, self.files.members_of(row))
        return record

    def close_chapter(self) -> None:
        """Put the open shards in their places, then note how far that is."""
        for split in SPLITS:
            if shard := self._open.pop(split, None):
                self.counts.of("split")[split] += shard.items
                self.state["shards"][split].append(shard.close())
        self.state["chapter"] += 1
        self.state["counts"] = self.counts.to_dict()
        _write_json(self.out / PROGRESS, self.state)

    def abandon(self) -> None:
        """Remove shards that are not whole."""
        for shard in self._open.values():
            shard.abandon()


def _begin(plan: ExportPlan, out: Path, index: NearIndex, store: Store) -> dict[str, Any]:
    out.mkdir(parents=True, exist_ok=True)
    if (out / MANIFEST).exists() and not (out / PROGRESS).exists():
        _tidy(out)
        raise ConfigError(f"{out} holds an export that is done: choose another folder")
    if (known := read_plan(out / PROGRESS)) is None:
        strange = [p.name for p in out.iterdir() if not p.name.startswith((GROUPS, *LEFT))]
        if strange:
            raise ConfigError(f"{out} holds other things ({strange[0]}): choose another folder")
        sources = _sources(store) if plan.split_by == "source" else None
        keep_groups(index, out / GROUPS, sources=sources)
        state = {"plan": plan.to_dict(), "chapter": 0, "seen": 0, "last": None}
        state |= {"counts": Counts().to_dict(), "shards": {split: [] for split in SPLITS}}
        _write_json(out / PROGRESS, state)
    elif {"split_by": "thread"} | known != json.loads(json.dumps(plan.to_dict())):
        raise ConfigError(f"{out} holds an export of another plan: choose another folder")
    state = json.loads((out / PROGRESS).read_text(encoding="utf-8"))
    _sweep(out, state)
    return dict(state)


def _sources(store: Store) -> Iterator[tuple[str, str]]:
    """Yield what stands under nothing, and where it appeared."""
    for row in store.scan_as(Row, kinds=("post", "article", "video")):
        if source := row.source:
            yield row.identity, f"{row.platform}/{source}"


def _sweep(out: Path, state: dict[str, Any]) -> None:
    """Remove shards of a chapter that a kill cut short, whole ones too: they come again."""
    kept = {entry["file"] for split in SPLITS for entry in state["shards"][split]}
    for path in out.iterdir():
        is_shard = path.name.lstrip(".").startswith(tuple(f"{split}-" for split in SPLITS))
        if path.name.startswith(LEFT) or (is_shard and path.name not in kept):
            path.unlink()


def _tidy(out: Path) -> None:
    """Remove what only an export under way needs; its state goes first: without it, it is done."""
    (out / PROGRESS).unlink(missing_ok=True)
    for path in out.iterdir():
        if path.name.startswith((GROUPS, *LEFT)):
            path.unlink()


def _after(rows: Iterator[Row], last: str | None) -> Iterator[Row]:
    """Skip the rows up to the one whose identity is ``last``."""
    if last is not None and not any(row.identity == last for row in rows):
        raise StoreError(f"{last!r}, where the export stopped, is gone: begin in another folder")
    return rows


def _finish(plan: ExportPlan, out: Path, state: dict[str, Any]) -> ExportResult:
    counts = Counts(state["counts"])
    manifest = {
        "plan": state["plan"],
        "shards": state["shards"],
        "counts": state["counts"],
    }
    write_card(out / CARD, plan, counts)
    card = (out / CARD).read_bytes()
    manifest["card"] = {"file": CARD, "sha256": hashlib.sha256(card).hexdigest()}
    _write_json(out / MANIFEST, manifest)
    _tidy(out)
    return ExportResult(
        items={split: counts.of("split")[split] for split in SPLITS},
        shards=sum(len(state["shards"][split]) for split in SPLITS),
        unscored=counts.of("left_out")["unscored"],
        below=counts.of("left_out")["below"],
    )


def _write_json(path: Path, value: dict[str, Any]) -> None:
    write_whole(path, json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8", "replace"))
