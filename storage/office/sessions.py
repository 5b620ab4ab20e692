"""Who is logged in: a token that only the browser has, and its hash here."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, update

from storage.office.tables import sessions, users
from storage.office.users import ROLES, Role, now_ms

if TYPE_CHECKING:
    from storage.ledger import Ledger

SEEN_EVERY_MS = 60_000
"""How often it is noted that a session is in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who is logged in."""

    token: str
    user: str
    role: Role
    """As it is now, not as it was at the login."""
    address: str
    csrf: str
    """What forms of this session carry; it follows from the token, and not the reverse."""

    def may(self, role: Role) -> bool:
        """Whether this user has at least ``role``."""
        return ROLES.index(self.role) >= ROLES.index(role)


class Sessions:
    """All who are logged in."""

    def __init__(self, ledger: Ledger, *, idle_seconds: float, longest_seconds: float) -> None:
        """Prepare.

        Args:
            ledger: Where they are kept.
            idle_seconds: Time without a request after which a session ends.
            longest_seconds: Time after its login at which it ends in any case.
        """
        self._ledger = ledger
        self._idle_ms = int(idle_seconds * 1000)
        self._longest_ms = int(longest_seconds * 1000)

    def begin(self, user: str, address: str) -> str:
        """Return the token of a new session; sessions that have ended are swept out."""
        token, now = secrets.token_urlsafe(32), now_ms()
        values = {"token_hash": _hash(token), "user": user, "address": address[:64]}
        late = delete(sessions).where(
            (sessions.c.created_at < now - self._longest_ms)
            | (sessions.c.seen_at < now - self._idle_ms)
        )
        new = insert(sessions).values(values | {"created_at": now, "seen_at": now})
        self._ledger.transact(lambda db: (db.execute(late), db.execute(new)))
        return token

    def find(self, token: str) -> Session | None:
        """Return the session of ``token`` if it has neither ended nor been revoked."""
        now, key = now_ms(), _hash(token)
        wanted = (
            select(sessions.c.user, sessions.c.address, sessions.c.seen_at, users.c.role)
            .join(users, users.c.name == sessions.c.user)
            .where(sessions.c.token_hash == key)
            .where(sessions.c.created_at >= now - self._longest_ms)
            .where(sessions.c.seen_at >= now - self._idle_ms)
        )
        row = self._ledger.transact(lambda db: db.execute(wanted).first())
        if row is None:
            return None
        if row.seen_at < now - min(SEEN_EVERY_MS, self._idle_ms // 4):
            seen = update(sessions).where(sessions.c.token_hash == key).values(seen_at=now)
            self._ledger.transact(lambda db: db.execute(seen))
        return Session(
            token=token, user=row.user, role=row.role, address=row.address, csrf=csrf_of(token)
        )

    def counted(self) -> dict[str, tuple[int, int]]:
        """Return for each user who is logged in how many sessions, and when one was last seen.

        Instants are milliseconds since 1970, to the minute or so.
        """
        now = now_ms()
        each = (
            select(sessions.c.user, func.count(), func.max(sessions.c.seen_at))
            .where(sessions.c.created_at >= now - self._longest_ms)
            .where(sessions.c.seen_at >= now - self._idle_ms)
            .group_by(sessions.c.user)
        )
        rows = self._ledger.transact(lambda db: db.execute(each).all())
        return {user: (number, seen_at) for user, number, seen_at in rows}

    def end(self, token: str) -> None:
        """Log out; harmless if it has ended."""
        gone = delete(sessions).where(sessions.c.token_hash == _hash(token))
        self._ledger.transact(lambda db: db.execute(gone))

    def revoke(self, user: str) -> int:
        """End every session of ``user``; return how many there were."""
        gone = delete(sessions).where(sessions.c.user == user)
        return self._ledger.transact(lambda db: db.execute(gone).rowcount)


def csrf_of(token: str) -> str:
    """Return what forms of the session of ``token`` carry."""
    return hmac.new(token.encode(), b"csrf", hashlib.sha256).hexdigest()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
