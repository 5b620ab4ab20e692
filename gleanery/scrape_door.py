"""Who may read a program's metrics: whoever shows the token, else this machine alone."""

from __future__ import annotations

import hmac
import ipaddress
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_HANDED_ON = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
"""Headers of proxies: behind one on this machine, all the world comes from loopback."""


def may_scrape(token: str, headers: Mapping[str, str], peer: str) -> bool:
    """Whether a request may read metrics; takes as long whatever token it shows.

    Args:
        token: ``METRICS_TOKEN``; empty = none is asked for.
        headers: Of the request, by lower-case name.
        peer: Address that the connection comes from; empty if there is none.
    """
    if token:
        shown = headers.get("authorization", "")
        return hmac.compare_digest(shown.encode(), f"Bearer {token}".encode())
    if any(name in headers for name in _HANDED_ON):
        return False
    with suppress(ValueError):
        return ipaddress.ip_address(peer).is_loopback
    return False
