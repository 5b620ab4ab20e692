"""Bring items from a spool into their store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gleanery.errors import StoreUnavailableError, WriteRejectedError
from gleanery.tracing import spans

if TYPE_CHECKING:
    from collections.abc import Callable

    from items import Item
    from storage.spool.spool import Spool
    from storage.store import Store

BATCH = 200
"""Items in one transaction at most."""


@dataclass(slots=True, kw_only=True)
class Replayed:
    """What became of items that had waited."""

    saved: int = 0
    refused: int = 0
    """The store would not take them: kept in the spool's ``refused.jsonl`` with its reason."""
    damaged: int = 0
    """Pieces that could not be read: kept in the spool's folder ``damaged``."""
    is_over: bool = False
    """Whether nothing waits any more."""
    is_elsewhere: bool = False
    """Whether another process is at it, so that nothing was done."""


def replay_batch(spool: Spool, store: Store) -> Replayed:
    """Save the first items that wait; they leave the spool once the store has them.

    Raises:
        StoreError: The store is away or refuses us; all of them wait on, in order.
    """
    if spool.is_empty():
        return Replayed(is_over=True)
    with spool.turn() as ours:
        if not ours:
            return Replayed(is_elsewhere=True)
        batch = spool.read(BATCH)
        with spans("replay", batch.traces):
            refused = _save(store, batch.items)
        try:
            spool.refused.keep(refused)
        except OSError as error:
            raise StoreUnavailableError(f"{spool.refused.path}: {error}") from error
        spool.forget(batch)
        return Replayed(
            saved=len(batch.items) - len(refused),
            refused=len(refused),
            damaged=len(batch.damaged),
            is_over=spool.is_empty(),
        )


def drain(spool: Spool, store: Store, progress: Callable[[int], None]) -> Replayed:
    """Replay until nothing waits, or another process is at it.

    Args:
        spool: From where.
        store: Open.
        progress: Called after each batch with the items saved so far.

    Raises:
        StoreError: The store went away; what was replayed so far is stored.
    """
    total = Replayed(is_over=spool.is_empty())
    while not total.is_over and not total.is_elsewhere:
        done = replay_batch(spool, store)
        total = Replayed(
            saved=total.saved + done.saved,
            refused=total.refused + done.refused,
            damaged=total.damaged + done.damaged,
            is_over=done.is_over,
            is_elsewhere=done.is_elsewhere,
        )
        progress(total.saved)
    return total


def _save(store: Store, items: list[Item]) -> list[tuple[Item, str]]:
    """Save all; return those that the store would not take, with its reasons."""
    if not items:
        return []
    try:
        store.save(items)
    except WriteRejectedError as error:
        if len(items) == 1:
            return [(items[0], str(error))]
        return [pair for item in items for pair in _save(store, [item])]
    return []
