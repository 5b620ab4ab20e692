"""Remove media files that nothing needs any more: mark and sweep, then limits of age and size."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from gleanery.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from media.store import Entry, MediaStore


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepRules:
    """What is to be kept."""

    days: float = 0
    """Age after which files go although items name them; 0 = never."""
    total_bytes: int = 0
    """Of all files together, the newest ones; 0 = all."""
    grace_hours: float = 24
    """Age below which nothing is touched: an item that names the file may not be stored yet."""


@dataclass(slots=True, kw_only=True)
class Collected:
    """What one collection did, or would do."""

    kept: int = 0
    kept_bytes: int = 0
    removed: dict[str, int] = field(default_factory=dict)
    """Files by reason: ``unreferenced``, ``age``, ``size``."""
    removed_bytes: int = 0
    renewed: int = 0
    """Files put again meanwhile, which therefore stay."""
    partial: int = 0
    """What writers that died left half done."""
    dry_run: bool = False


def collect(
    media: MediaStore,
    named_keys: Callable[[], Iterable[str]],
    rules: KeepRules,
    *,
    dry_run: bool = False,
    force: bool = False,
) -> Collected:
    """Sweep the store; others may write into it meanwhile.

    Args:
        media: The store.
        named_keys: Gives the keys that stored items name. Asked after the files are listed, so that
            an item saved in between is seen.
        rules: What stays.
        dry_run: Only say what would go.
        force: Sweep even if no item names any file.

    Raises:
        ConfigError: There are files, and no item names any: most likely the wrong store of items.
        MediaUnavailableError: The store is away.
    """
    now = datetime.now(UTC)
    grace = now - timedelta(hours=rules.grace_hours)
    entries = sorted(media.scan(), key=lambda entry: entry.modified_at, reverse=True)
    named = {bytes.fromhex(key) for key in named_keys()}
    if entries and not named and not force:
        raise ConfigError(
            f"No stored item names any of the {len(entries)} files in {media.url}: do they belong"
            " to another store? --force removes them all. (항목이 가리키는 파일이 없습니다.)"
        )
    result = Collected(dry_run=dry_run, partial=media.sweep_partial(grace, dry_run=dry_run))
    for entry, reason in _judged(entries, named, rules, now, grace):
        if not reason:
            result.kept += 1
            result.kept_bytes += entry.size
        elif dry_run or media.delete(entry.key, unless_since=grace):
            result.removed[reason] = result.removed.get(reason, 0) + 1
            result.removed_bytes += entry.size
        elif media.exists(entry.key):
            result.renewed += 1
    return result


def _judged(
    entries: list[Entry], named: set[bytes], rules: KeepRules, now: datetime, grace: datetime
) -> Iterator[tuple[Entry, str]]:
    """Yield each file, newest first, with the reason why it goes; an empty one if it stays."""
    oldest = now - timedelta(days=rules.days) if rules.days else None
    total = 0
    for entry in entries:
        reason = ""
        if entry.modified_at < grace:
            if bytes.fromhex(entry.key) not in named:
                reason = "unreferenced"
            elif oldest and entry.modified_at < oldest:
                reason = "age"
            elif rules.total_bytes and total + entry.size > rules.total_bytes:
                reason = "size"
        if not reason:
            total += entry.size
        yield entry, reason
