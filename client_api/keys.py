"""API keys: shown once, kept as hashes in the store, so that every replica knows them.

A key holds 256 random bits, which nobody guesses or finds in a list: a slow hash, made for what
people choose, would add nothing but work for every request. SHA-256 of it is what is kept.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import asdict, dataclass
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from gleanery.errors import ConfigError
from items.clock import from_iso, to_iso, utc_now
from storage.book import API_KEYS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage import Store

SCOPES = ("read", "export")
_FORM = re.compile(r"glk_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
NAMED = 100
"""Characters of a key's name at most."""
MOST = 1000
"""Keys that are listed at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """One key, without what is secret of it."""

    id: str
    name: str
    digest: str
    """SHA-256 of the whole key, hexadecimal."""
    scopes: tuple[str, ...]
    per_minute: int
    created_at: str
    revoked_at: str | None = None
    expires_at: str | None = None
    """Instant from which on it opens nothing; ``None`` = never."""


def create_key(
    store: Store, *, name: str, scopes: Sequence[str], per_minute: int, days: float = 0
) -> tuple[ApiKey, str]:
    """Keep a new key; return it, and what its owner shows: nobody can read that again.

    Args:
        store: Open, or opened by what is asked of it.
        name: Whose it is.
        scopes: Of ``SCOPES``.
        per_minute: Requests a minute at most.
        days: Time after which it opens nothing; 0 = it has no end.

    Raises:
        ConfigError: The name is empty or too long, or a scope is unknown.
    """
    if not name.strip() or len(name) > NAMED:
        raise ConfigError(f"A key needs a name of 1 to {NAMED} characters (이름이 필요합니다)")
    if unknown := set(scopes) - set(SCOPES) or (not scopes and {"(none)"}):
        raise ConfigError(f"scope {', '.join(sorted(unknown))}: there are {', '.join(SCOPES)}")
    number, now = secrets.token_hex(8), utc_now()
    shown = f"glk_{number}_{secrets.token_urlsafe(32)}"
    key = ApiKey(
        id=number,
        name=name,
        digest=sha256(shown.encode()).hexdigest(),
        scopes=tuple(dict.fromkeys(scopes)),
        per_minute=per_minute,
        created_at=str(to_iso(now)),
        expires_at=to_iso(now + timedelta(days=days)) if days else None,
    )
    record = {"key": key.id, "group": "keys", "at": key.created_at, **asdict(key)}
    store.book(API_KEYS).change([key.id], lambda _key, _old: record)
    return key, shown


def list_keys(store: Store) -> list[ApiKey]:
    """Return all keys, the oldest first."""
    return [_read(record) for record in store.book(API_KEYS).listed(limit=MOST)]


def revoke_key(store: Store, number: str) -> bool:
    """Let a key open nothing any more; return whether there is such a key."""
    found = False

    def change(_key: str, record: dict[str, Any] | None) -> dict[str, Any] | None:
        nonlocal found
        found = record is not None
        now = to_iso(utc_now())
        return record and {**record, "revoked_at": record["revoked_at"] or now}

    store.book(API_KEYS).change([number], change)
    return found


def id_of(shown: str) -> str | None:
    """Return the id of what was shown as a key; ``None`` if it is none."""
    match = _FORM.fullmatch(shown)
    return match[1] if match else None


def find_key(store: Store, number: str) -> ApiKey | None:
    """Return the key of an id."""
    record = store.book(API_KEYS).get([number]).get(number)
    return _read(record) if record else None


def opens(key: ApiKey | None, shown: str) -> bool:
    """Whether what was shown is this key and stands; takes as long whichever it is."""
    digest = sha256(shown.encode()).hexdigest()
    same = hmac.compare_digest(digest, key.digest if key else "0" * 64)
    return same and key is not None and key.revoked_at is None and not _is_over(key)


def _is_over(key: ApiKey) -> bool:
    end = from_iso(key.expires_at)
    return end is not None and utc_now() >= end


def _read(record: dict[str, Any]) -> ApiKey:
    names = ("id", "name", "digest", "per_minute", "created_at", "revoked_at")
    values = {n: record[n] for n in names} | {"expires_at": record.get("expires_at")}
    return ApiKey(**values, scopes=tuple(record["scopes"]))
