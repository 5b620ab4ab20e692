"""Logins that have begun and wait for the login service to send the browser back."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from dataclasses import dataclass, field

SECONDS = 600.0
"""Time for somebody to log in over there."""
BY_ADDRESS = 100
"""Logins under way from one address; many people may share one."""
MOST = 10_000
"""Logins under way in this process."""


def _random() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """One login under way; each secret has 256 bits and is used once."""

    next: str
    """Page of ours to go to afterwards."""
    address: str
    """Where the browser is."""
    state: str = field(default_factory=_random)
    """Comes back in the address."""
    browser: str = field(default_factory=_random, repr=False)
    """Comes back in a cookie: the browser that ends a login has begun it."""
    nonce: str = field(default_factory=_random, repr=False)
    """Comes back in the ID token."""
    verifier: str = field(default_factory=_random, repr=False)
    """Of PKCE (RFC 7636): whoever redeems the code has asked for it."""
    until: float = field(default_factory=lambda: time.monotonic() + SECONDS)


class Logins:
    """All that are under way; kept in this process."""

    def __init__(self) -> None:
        self._begun: dict[str, Begun] = {}
        self._lock = threading.Lock()

    def begin(self, next_page: str, address: str) -> Begun | None:
        """Return a new one; ``None`` if too many are under way."""
        with self._lock:
            self._forget_late()
            same = sum(each.address == address for each in self._begun.values())
            if same >= BY_ADDRESS or len(self._begun) >= MOST:
                return None
            begun = Begun(next=next_page, address=address)
            self._begun[begun.state] = begun
            return begun

    def take(self, state: str, browser: str) -> Begun | None:
        """Return the login of both secrets, once; ``None`` if there is none, or no more."""
        with self._lock:
            self._forget_late()
            begun = self._begun.get(state)
            if begun is None or not hmac.compare_digest(begun.browser.encode(), browser.encode()):
                return None
            return self._begun.pop(state)

    def _forget_late(self) -> None:
        now = time.monotonic()
        for state in [s for s, begun in self._begun.items() if begun.until < now]:
            del self._begun[state]
