"""robots.txt for files of plain pages: what a crawl must not fetch, a download must not either."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gleanery.errors import MediaRefusedError, MediaUnavailableError

if TYPE_CHECKING:
    import httpx2

MAX_BYTES = 500_000
"""Bytes of a robots.txt that are read (RFC 9309, 2.5)."""


def check_robots(client: httpx2.Client, url: str, user_agent: str) -> None:
    """Ask the site of ``url``.

    Raises:
        MediaRefusedError: It does not allow us that address.
        MediaUnavailableError: It cannot tell now: 5xx, 429 or no answer (RFC 9309, 2.3.1.4).
    """
    import httpx2  # noqa: PLC0415 - not for those who only look at the plan
    from protego import Protego  # noqa: PLC0415

    parts = urlsplit(url)
    address = f"{parts.scheme}://{parts.netloc}/robots.txt"
    try:
        with client.stream("GET", address) as response:
            status, body = response.status_code, b""
            for chunk in response.iter_bytes(1 << 14):
                body += chunk
                if len(body) >= MAX_BYTES:
                    break
    except httpx2.InvalidURL as error:
        raise MediaRefusedError(f"{url}: {error}") from error
    except httpx2.HTTPError as error:
        raise MediaUnavailableError(f"{address}: {error or type(error).__name__}") from error
    if status >= 500 or status == 429:
        raise MediaUnavailableError(f"{address}: the server answered {status}")
    rules = body.decode("utf-8", "replace") if status < 400 else ""
    if not Protego.parse(rules).can_fetch(url, user_agent):
        raise MediaRefusedError(f"{url}: robots.txt does not allow it")
