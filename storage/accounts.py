"""Database accounts: one for each service, with no more rights than it needs.

:data:`RIGHTS` is the whole map; a test holds it complete against the tables and collections. Who
adds one adds a line here.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

from gleanery.errors import StoreError, StoreUnavailableError
from storage.credentials import Credentials

if TYPE_CHECKING:
    from pathlib import Path

CRAWL, ADMIN, CLIENT, EXPORTER, MIGRATOR = "crawl", "admin", "client", "exporter", "migrator"
MONITOR = "monitor"
SERVICES = {
    MIGRATOR: "`gleanery db init`, `migrate` and `check`: the shape of tables",
    CRAWL: "crawls, workers, reenrich, quality, feedback",
    ADMIN: "everything that is kept, deleting included; not the shape of tables",
    CLIENT: "reading for other programs: neither pages as fetched nor proposals",
    EXPORTER: "reading for `gleanery export`",
    MONITOR: "counting for `gleanery serve-metrics`",
}
"""What each account is for; the migrator is made first, since it makes the tables of the others."""

Rights = Literal["r", "rw", "rwd"]
READ: Rights = "r"
WRITE: Rights = "rw"
"""Read, insert and change; what is there stays."""
DELETE: Rights = "rwd"

_KEPT: dict[str, Rights] = {CRAWL: WRITE, ADMIN: DELETE}
_SERVED = _KEPT | {CLIENT: READ}
_EXPORTED = _SERVED | {EXPORTER: READ}
_COUNTED = _EXPORTED | {MONITOR: READ}
_VERSION: dict[str, Rights] = dict.fromkeys((CRAWL, ADMIN, CLIENT, EXPORTER, MONITOR), READ)
RIGHTS: dict[str, dict[str, Rights]] = {
    # both servers
    "documents": _COUNTED,
    "raw_pages": _KEPT,
    "proposals": _KEPT,
    "visits": _EXPORTED,
    "seed_yields": _KEPT,
    "seeds": _KEPT,
    "topics": _SERVED,
    "transcripts": _EXPORTED,
    "vectors": _EXPORTED,
    "tombstones": {CRAWL: READ, ADMIN: DELETE},
    "api_keys": {ADMIN: DELETE, CLIENT: READ, MONITOR: READ},
    # MySQL
    "items": _COUNTED,
    "item_terms": _SERVED,
    "jobs": _KEPT | {MONITOR: READ},
    "job_events": _KEPT | {MONITOR: READ},
    "job_nodes": {CRAWL: DELETE, ADMIN: DELETE, MONITOR: READ},
    "schedules": _KEPT,
    "job_notices": _KEPT,
    "job_samples": {ADMIN: DELETE},
    "job_branches": {CRAWL: WRITE, ADMIN: DELETE},
    "node_orders": {CRAWL: READ, ADMIN: DELETE},
    "labels": {CRAWL: DELETE, ADMIN: DELETE, CLIENT: READ, EXPORTER: READ},
    "categories": _VERSION,
    "subcategories": _VERSION,
    "alembic_version": _VERSION,
    "users": {ADMIN: DELETE},
    "sessions": {ADMIN: DELETE},
    "audit": {ADMIN: WRITE},
    # MongoDB
    "comments": _COUNTED,
    "counters": _KEPT,
    "meta": _VERSION | {MIGRATOR: WRITE},
}
"""Table or collection → service → rights. The migrator has all tables besides, by its own rule."""

State = Literal["created", "new password", "as it was"]


class AccountServer(Protocol):
    """A server that keeps accounts; the connection is an administrator's."""

    name: ClassVar[str]
    """Of the server, for people."""
    variable: ClassVar[str]
    """``<this>_URL`` and ``<this>_PASSWORD`` are its settings."""

    def account(self, service: str) -> str:
        """Return the name of a service's account."""

    def address(self, service: str) -> str:
        """Return the address with that account, without a password."""

    def on_paper(self, service: str) -> list[str]:
        """Return what makes an account, to be read and run by hand; it holds no password."""

    def create(self, service: str, password: str) -> bool:
        """Make the account; return whether there was none."""

    def grant(self, service: str) -> None:
        """Give it the rights of ``RIGHTS``, take all others."""

    def set_password(self, service: str, password: str) -> None:
        """Change the password of an account that is there."""


def account_name(database: str, service: str) -> str:
    """Return the name of an account, e.g. ``gleanery_crawl``."""
    return f"{database}_{service}"


def rights_of(service: str, names: set[str]) -> dict[str, Rights]:
    """Return what a service may do to each of some tables or collections, in order of names."""
    return {name: RIGHTS[name][service] for name in sorted(names) if service in RIGHTS[name]}


def make_or_renew(
    server: AccountServer,
    service: str,
    file: Path,
    *,
    store: str,
    given: str = "",
    rotate: bool = False,
) -> State:
    """Make an account or renew its rights; its password is on disk before the server has it.

    A password changes last: whatever fails before leaves the old one in force and in its file.

    Args:
        server: Where.
        service: One of ``SERVICES``.
        file: Where address and password are written to, lines of other servers kept; mode 0600.
        store: As in ``STORE``, for that file.
        given: The password to set; empty = a new one, for a new account or with ``rotate``.
        rotate: Whether an account that is there gets a new password, too.

    Raises:
        StoreError: The server is away, or refused us.
    """
    password = given or secrets.token_urlsafe(32)
    kept = Credentials(file)
    kept.prepare(
        {
            "GLEANERY_STORE": store,
            f"{server.variable}_URL": server.address(service),
            f"{server.variable}_PASSWORD": password,
        }
    )
    try:
        is_new = server.create(service, password)
    except StoreUnavailableError:
        raise  # nobody knows whether it came through: the file stays
    except StoreError:
        kept.forget()
        raise
    if is_new:
        kept.commit()
    server.grant(service)
    if is_new:
        return "created"
    if not (given or rotate):
        kept.forget()
        return "as it was"
    server.set_password(service, password)
    kept.commit()
    return "new password"
