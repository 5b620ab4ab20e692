"""What a person decides of items that a store refused: they wait once more, or go for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gleanery.errors import StoreUnavailableError
from gleanery.files import locked

if TYPE_CHECKING:
    from collections.abc import Callable

    from items import Item
    from storage.spool.spool import Spool


def requeue(spool: Spool, identity: str = "") -> int:
    """Let refused items wait again, behind the others; return how many.

    Args:
        spool: Whose.
        identity: Of those wanted; empty = all that there is room for.

    Raises:
        StoreUnavailableError: The disk took none of them, or no note that they wait: they may be
            in both places, which does no harm.
    """
    return _take_out(spool, identity, spool.append)


def discard(spool: Spool, identity: str) -> int:
    """Forget the refused items of an identity for good; return how many.

    Raises:
        StoreUnavailableError: The disk took no note: they are still there.
    """
    return _take_out(spool, identity, len)


def _take_out(spool: Spool, identity: str, use: Callable[[list[Item]], int]) -> int:
    try:
        spool.folder.mkdir(parents=True, exist_ok=True)
        with locked(spool.folder / "replay.lock"):  # a replay holds it for a batch
            return spool.refused.take_out(identity, use)
    except OSError as error:
        raise StoreUnavailableError(f"{spool.refused.path}: {error}") from error
