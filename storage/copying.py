"""Copy everything from one store into another, and make sure that it arrived."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING

from items import Article, item_from_dict
from storage.book import BOOKS
from storage.merge import merged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from items import Item
    from storage.book import Book
    from storage.store import Row, Store

BATCH = 200
"""Items held in memory at once."""


@dataclass(slots=True, kw_only=True)
class Check:
    """What comparing two stores found."""

    items: int = 0
    """Items of the source."""
    missing: int = 0
    """Of those, of proposals and of records the ones that the target lacks."""
    differing: int = 0
    """Those whose saving once more would change the target, those with another page or record."""
    proposals: int = 0
    records: int = 0
    """What the source keeps beside items: visits, transcripts, vectors …"""
    source_checksum: str = ""
    """SHA-256 over the source's items in order, hexadecimal."""
    target_checksum: str = ""
    """The same over the target's copies; equal, unless the target knows more of an item."""

    @property
    def complete(self) -> bool:
        """Whether everything arrived."""
        return not (self.missing or self.differing)


def copy(
    source: Store, target: Store, *, after: int = 0, progress: Callable[[int], None] | None = None
) -> int:
    """Save every item of ``source`` in ``target``, in order of first saving, with its page.

    Saving is idempotent: a copy that was stopped may go on anywhere before the place it reached.

    Args:
        source: Open.
        target: Open; what it knows already is merged.
        after: Items to pass over, as an earlier call saved them.
        progress: Called after each batch with the number of items so far, ``after`` included.

    Returns:
        Items of the source.

    Raises:
        StoreError: A store is away, or the target refused an item.
    """
    done = after
    for rows in _batches(islice(source.scan(), after, None)):
        target.save([_whole(source, row) for row in rows])
        done += len(rows)
        if progress:
            progress(done)
    _copy_proposals(source, target)
    for name in BOOKS:
        _copy_book(source.book(name), target.book(name))
    return done


def compare(
    source: Store, target: Store, *, progress: Callable[[int], None] | None = None
) -> Check:
    """Look for every item, proposal and record of ``source`` in ``target``.

    Args:
        source: Open.
        target: Open.
        progress: Called after each batch with the number of items so far.

    Raises:
        StoreError: A store is away.
    """
    check, ours, theirs = Check(), sha256(), sha256()
    for rows in _batches(source.scan()):
        there = {row["identity"]: row for row in target.rows([row["identity"] for row in rows])}
        for row in rows:
            ours.update(_canonical(row))
            if (found := there.get(row["identity"])) is None:
                check.missing += 1
                continue
            theirs.update(_canonical(found))
            check.differing += not _arrived(source, target, row, found)
        check.items += len(rows)
        if progress:
            progress(check.items)
    standing = {p.identity: p.status for p in target.proposals()}
    for proposal in source.proposals():
        check.proposals += 1
        check.missing += proposal.identity not in standing
    for name in BOOKS:
        _compare_book(source.book(name), target.book(name), check)
    check.source_checksum, check.target_checksum = ours.hexdigest(), theirs.hexdigest()
    return check


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


def _whole(store: Store, row: Row) -> Item:
    item = item_from_dict(row)
    if isinstance(item, Article) and (page := store.raw(item.identity)):
        item.raw_html = gzip.compress(page, mtime=0)
    return item


def _arrived(source: Store, target: Store, row: Row, found: Row) -> bool:
    if merged(found, row) != found:
        return False
    return row["kind"] != "article" or source.raw(row["identity"]) == target.raw(row["identity"])


def _canonical(row: Row) -> bytes:
    return json.dumps(row, sort_keys=True).encode() + b"\n"


def _copy_proposals(source: Store, target: Store) -> None:
    proposals = source.proposals()
    target.propose(proposals)
    for proposal in proposals:
        if proposal.status != "pending":
            target.decide(proposal.identity, proposal.status)


def _copy_book(source: Book, target: Book) -> None:
    """Lay the records over those of ``target``: saving the items there has begun new ones."""
    for records in _batches(source.scan()):
        ours = {record["key"]: record for record in records}
        target.change([*ours], lambda key, _, ours=ours: ours[key])  # type: ignore[misc]


def _compare_book(source: Book, target: Book, check: Check) -> None:
    for records in _batches(source.scan()):
        there = target.get([record["key"] for record in records])
        check.records += len(records)
        check.missing += len(records) - len(there)
        check.differing += sum(r != there.get(r["key"], r) for r in records)
