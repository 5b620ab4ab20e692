"""Logins that have begun and wait for the login service to send the browser back.

Nothing of them is kept here, so that any process may end what another has begun: the browser keeps
a secret, and all that goes to the service follows from it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

SECONDS = 600
"""Time for somebody to log in over there."""
LONGEST = 3000
"""Characters of a page's address, as a cookie holds it; browsers keep 4096 of one."""
_COOKIE = re.compile(r"([\w-]{43})\.(\d{1,12})\.([^\s;,]*)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """One login under way."""

    next: str
    """Page of ours to go to afterwards."""
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    """256 bits that the browser alone has: who ends a login has begun it."""
    at: int = field(default_factory=lambda: int(time.time()))
    """Seconds since 1970."""

    @classmethod
    def read(cls, cookie: str, state: str) -> Begun | None:
        """Return the login of a cookie, if it is that of ``state`` and not too old."""
        found = _COOKIE.fullmatch(cookie)
        if found is None:
            return None
        begun = cls(secret=found[1], at=int(found[2]), next=unquote(found[3]))
        fits = hmac.compare_digest(begun.state.encode(), state.encode())
        return begun if fits and time.time() - begun.at < SECONDS else None

    @property
    def cookie(self) -> str:
        """What the browser keeps."""
        return f"{self.secret}.{self.at}.{quote(self.next)}"

    @property
    def state(self) -> str:
        """Comes back in the address."""
        return self._derived("state")

    @property
    def nonce(self) -> str:
        """Comes back in the ID token."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """Of PKCE (RFC 7636): whoever redeems the code has asked for it."""
        return self._derived("verifier")

    def _derived(self, use: str) -> str:
        said = f"{use}\0{self.at}\0{self.next}".encode()
        digest = hmac.digest(self.secret.encode(), said, hashlib.sha256)
        return urlsafe_b64encode(digest).rstrip(b"=").decode()


def begin(next_page: str) -> Begun:
    """Return a new one; a page whose address is too long for a cookie is forgotten."""
    return Begun(next=next_page if len(quote(next_page)) <= LONGEST else "/")
