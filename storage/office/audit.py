"""What people have changed: noted before it is done, so that nothing is done unnoted."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from storage.office.tables import audit
from storage.office.users import now_ms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One change."""

    id: int
    at: int
    """Milliseconds since 1970."""
    user: str
    """``cli:NAME`` for a command."""
    address: str
    action: str
    """E.g. ``item.label``."""
    subject: str
    """What was changed, e.g. an item's identity."""
    before: Any
    after: Any
    outcome: str
    """``done``, ``failed: <error>``, or ``begun``: the program was ended over it."""


@dataclass(slots=True, kw_only=True)
class Change:
    """A change under way; the one who makes it fills it in."""

    before: Any = None
    after: Any = None


class Audit:
    """All changes; nothing here is ever rewritten but the outcome of what is under way."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @contextmanager
    def change(
        self, user: str, address: str, *, action: str, subject: str, before: Any = None
    ) -> Iterator[Change]:
        """Note that ``user`` is about to do ``action``, then how it ended; errors go through.

        Raises:
            StoreError: It could not be noted; nothing has been done then.
        """
        values = {
            "at": now_ms(),
            "user": user[:80],
            "address": address[:64],
            "action": action,
            "subject": subject,
            "before": _json(before),
            "after": _json(None),
            "outcome": "begun",
        }
        new = insert(audit).values(values)
        number = self._ledger.transact(lambda db: int(db.execute(new).lastrowid))
        change = Change(before=before)
        try:
            yield change
        except BaseException as error:
            self._close(number, change, f"failed: {type(error).__name__}"[:64])
            raise
        self._close(number, change, "done")

    def note(self, user: str, address: str, *, action: str, subject: str) -> None:
        """Note what has no before and after, e.g. a login."""
        with self.change(user, address, action=action, subject=subject):
            pass

    def page(
        self, *, user: str = "", action: str = "", before_id: int = 0, limit: int = 50
    ) -> list[Entry]:
        """Return entries, the newest first.

        Args:
            user: Only of this one; empty = of all.
            action: Only of this kind; empty = all.
            before_id: Only those older than this entry; 0 = from the newest on.
            limit: Entries at most.
        """
        query = select(audit).order_by(audit.c.id.desc()).limit(limit)
        query = query.where(audit.c.user == user) if user else query
        query = query.where(audit.c.action == action) if action else query
        query = query.where(audit.c.id < before_id) if before_id else query
        rows = self._ledger.transact(lambda db: db.execute(query).mappings().all())
        return [
            Entry(
                **dict(row)
                | {"before": json.loads(row["before"]), "after": json.loads(row["after"])}
            )
            for row in rows
        ]

    def _close(self, number: int, change: Change, outcome: str) -> None:
        values = {
            "before": _json(change.before),
            "after": _json(change.after),
            "outcome": outcome,
        }
        done = update(audit).where(audit.c.id == number).values(values)
        self._ledger.transact(lambda db: db.execute(done))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
