"""Canonical addresses: one page, one spelling."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from w3lib.url import canonicalize_url, url_query_cleaner

_TRACKING = re.compile(
    r"^(utm_\w+|fbclid|gclid|dclid|msclkid|yclid|igshid|mc_[ce]id|_ga|_gl|oc|ref_src|cmpid|ito)$"
)
_DEFAULT_PORT = {"http": 80, "https": 443}


def canonical_url(url: str) -> str:
    """Return the spelling of ``url`` that identifies its page.

    Lower-case scheme and host, no default port, no fragment, no tracking parameters (``utm_*``,
    ``fbclid``, …), sorted query, upper-case percent escapes, ``/`` for an empty path.

    Raises:
        ValueError: ``url`` is not an absolute http(s) address.
    """
    parts = urlsplit(url.strip())
    if parts.scheme.lower() not in _DEFAULT_PORT or not parts.hostname:
        raise ValueError(f"not an absolute http(s) address: {url!r}")
    return canonicalize_url(
        without_tracking(urlunsplit(parts._replace(netloc=_netloc(url.strip()))))
    )


def host_of(url: str) -> str:
    """Return the lower-case host name of ``url``, without port; empty if it has none."""
    return (urlsplit(url).hostname or "").lower()


def _netloc(url: str) -> str:
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    host = f"[{host}]" if ":" in host else host
    port = parts.port
    return host if port in (None, _DEFAULT_PORT[parts.scheme.lower()]) else f"{host}:{port}"


def without_tracking(url: str) -> str:
    """Return ``url`` without the parameters that only say where a visitor came from."""
    names = {pair.split("=", 1)[0] for pair in urlsplit(url).query.split("&") if pair}
    tracking = [name for name in names if _TRACKING.match(name)]
    return url_query_cleaner(url, tracking, remove=True, unique=False) if tracking else url
