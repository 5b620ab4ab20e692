"""Users: a name, a role and a password that is kept as argon2id alone."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, get_args

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, insert, select, update

from gleanery.errors import ConfigError
from storage.office.tables import sessions, users

if TYPE_CHECKING:
    from sqlalchemy import Connection, Delete

    from storage.ledger import Ledger

Role = Literal["viewer", "operator", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""Each may do what those before it may."""
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 1024
_HASHER = PasswordHasher()
_AT_ONCE = threading.BoundedSemaphore(2)
"""One hash takes 64 MiB and a core: a crowd at the login must not take the machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One who may log in."""

    name: str
    role: Role
    created_at: int
    """Milliseconds since 1970."""
    is_local: bool = True
    """Whether they have a password here; a login service's users have none."""


class Users:
    """All who may log in."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def add(self, name: str, role: str, password: str) -> None:
        """Let somebody in.

        Raises:
            ConfigError: The name is malformed or taken, the role unknown, or the password short.
        """
        values = {
            "name": _checked_name(name),
            "role": _checked_role(role),
            "password_hash": _hashed(password),
            "created_at": now_ms(),
        }
        known = select(users.c.name).where(users.c.name == name)

        def work(db: Connection) -> None:  # MySQL repeats it if somebody else was quicker
            if db.execute(known).first():
                raise ConfigError(f"There is a user {name} already (이미 있는 사용자입니다)")
            db.execute(insert(users).values(values))

        self._ledger.transact(work)

    def all(self) -> list[User]:
        """Return everybody, by name."""
        has_password = (users.c.password_hash != "").label("is_local")
        columns = select(users.c.name, users.c.role, users.c.created_at, has_password)
        rows = self._ledger.transact(lambda db: db.execute(columns.order_by(users.c.name)).all())
        return [
            User(name=r.name, role=r.role, created_at=r.created_at, is_local=bool(r.is_local))
            for r in rows
        ]

    def set_password(self, name: str, password: str) -> None:
        """Change a password; whoever is logged in under that name is no more.

        Raises:
            ConfigError: There is no such user, or none with a password, or it is short.
        """
        own = (users.c.name == name) & (users.c.password_hash != "")
        change = update(users).where(own).values(password_hash=_hashed(password))
        found = self._ledger.transact(
            lambda db: (db.execute(change).rowcount, db.execute(_sessions_of(name)))[0]
        )
        if not found:
            raise _unknown(name)

    def set_role(self, name: str, role: str) -> None:
        """Change what somebody may do, in sessions under way, too.

        Raises:
            ConfigError: There is no such user with a password here, or the role is unknown.
        """
        own = (users.c.name == name) & (users.c.password_hash != "")
        change = update(users).where(own).values(role=_checked_role(role))
        if not self._ledger.transact(lambda db: db.execute(change).rowcount):
            raise _unknown(name)

    def remove(self, name: str) -> None:
        """Let somebody in no more, sessions under way included.

        Raises:
            ConfigError: There is no such user.
        """
        gone = delete(users).where(users.c.name == name)
        found = self._ledger.transact(
            lambda db: (db.execute(gone).rowcount, db.execute(_sessions_of(name)))[0]
        )
        if not found:
            raise _unknown(name)

    def verify(self, name: str, password: str) -> User | None:
        """Return the user whose password it is; it takes as long for a name that there is not."""
        row = self._ledger.transact(
            lambda db: db.execute(select(users).where(users.c.name == name)).first()
        )
        with _AT_ONCE:
            hashed = row.password_hash if row else ""  # a login service's user has none, either
            good = _fits(hashed or _nobody(), password)
        if row is None or not hashed or not good:
            return None
        return User(name=row.name, role=row.role, created_at=row.created_at)


def now_ms() -> int:
    """Return the present instant, milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def _checked_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} is no user name: a-z, 0-9, '.', '_', '-'; 64 at most (사용자 이름 오류)"
        )
    return name


def _checked_role(role: str) -> str:
    if role not in ROLES:
        raise ConfigError(f"{role!r} is no role: {', '.join(ROLES)} (역할 오류)")
    return role


def _hashed(password: str) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise ConfigError(
            f"A password has {SHORTEST_PASSWORD} characters at least"
            f" (비밀번호는 {SHORTEST_PASSWORD}자 이상이어야 합니다)"
        )
    return _HASHER.hash(password)


def _fits(hashed: str, password: str) -> bool:
    try:
        return _HASHER.verify(hashed, password[: LONGEST_PASSWORD + 1])
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    return _HASHER.hash("nobody's password")


def _sessions_of(name: str) -> Delete:
    return delete(sessions).where(sessions.c.user == name)


def _unknown(name: str) -> ConfigError:
    return ConfigError(f"There is no user {name!r} (없는 사용자입니다)")
