"""Items that wait on this machine's disk for a store that is away: they must be stored first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gleanery.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path


def refuse_if_items_wait(home: Path) -> None:
    """Make sure that no spool holds items: they could be among those to be purged.

    Raises:
        StoreError: One does.
    """
    found = sorted({path.parent.name for path in (home / "spool").glob("*/*.seg")})
    if found:
        raise StoreError(
            f"Items wait in {home / 'spool' / found[0]} for their store: let a crawl or"
            " `gleanery db replay` store them first, then purge"
            " (저장을 기다리는 항목이 있습니다: 먼저 저장한 뒤 삭제하세요)."
        )
