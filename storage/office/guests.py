"""Users whom a login service vouches for: no password here, and a name like no local one."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from storage.office.tables import sessions, users
from storage.office.users import now_ms

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from storage.ledger import Ledger
    from storage.office.users import Role

PREFIX = "oidc:"
"""No local name has a colon."""


class Guests:
    """They are rows of the same table; a service's subject is one user for good."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def admit(self, issuer: str, subject: str, *, wish: str, role: Role) -> tuple[str, str]:
        """Give somebody ``role`` from now on, in sessions under way, too.

        Args:
            issuer: The service.
            subject: ``sub`` there, which is nobody else's, ever.
            wish: What they would like to be called; it counts at the first login alone.
            role: What they may do.

        Returns:
            The name, ``oidc:<wish>.<16 hexadecimal digits of both>``, and the role before, if any.
        """
        end = _end(issuer, subject)
        wished = re.sub(r"[^a-z0-9_-]+", "-", wish.partition("@")[0].lower()).strip("-")

        def work(db: Connection) -> tuple[str, str]:
            row = db.execute(select(users).where(_is(end))).first()
            if row:
                db.execute(update(users).where(users.c.name == row.name).values(role=role))
                return row.name, row.role
            name = f"{PREFIX}{wished[:40] or 'user'}{end}"
            values = {"name": name, "role": role, "password_hash": "", "created_at": now_ms()}
            db.execute(insert(users).values(values))
            return name, ""

        return self._ledger.transact(work)

    def dismiss(self, issuer: str, subject: str) -> str:
        """Let somebody in no more, sessions under way included; return their name, if any."""
        end = _end(issuer, subject)

        def work(db: Connection) -> str:
            row = db.execute(select(users.c.name).where(_is(end))).first()
            if row is None:
                return ""
            db.execute(delete(sessions).where(sessions.c.user == row.name))
            db.execute(delete(users).where(users.c.name == row.name))
            return str(row.name)

        return self._ledger.transact(work)


def _end(issuer: str, subject: str) -> str:
    both = f"{issuer}\0{subject}".encode()
    return f".{hashlib.sha256(both).hexdigest()[:16]}"


def _is(end: str) -> ColumnElement[bool]:
    return users.c.name.startswith(PREFIX) & users.c.name.endswith(end)
