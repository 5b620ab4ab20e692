"""What answers say about pace, for all workers of a crawl."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from protego import Protego

from crawlers.frontier.protocol import HostRule
from gleanery.retry_after import retry_after_seconds

if TYPE_CHECKING:
    from scrapy.http import Response

LONGEST_WAIT_SECONDS = 3600.0
"""What asks for more is taken for a mistake."""
LONGEST_DELAY_SECONDS = 60.0


def rule_of(response: Response, host: str, *, user_agent: str) -> HostRule | None:
    """Return the pace that an answer asks for, or ``None`` if it says nothing of it.

    Read are ``Retry-After`` of a 429 or 503, ``x-ratelimit-remaining`` and ``-reset`` (seconds,
    as Reddit sends them), and the Crawl-delay of robots.txt.

    Args:
        response: Any answer.
        host: Whom the rule is for.
        user_agent: Whose group in robots.txt is ours.
    """
    wait = max(_asked(response), _until_reset(response))
    delay = _crawl_delay(response, user_agent)
    if not wait and delay is None:
        return None
    return HostRule(
        host=host,
        delay_ms=-1 if delay is None else round(min(delay, LONGEST_DELAY_SECONDS) * 1000),
        not_before_ms=round(min(wait, LONGEST_WAIT_SECONDS) * 1000),
    )


def _header(response: Response, name: str) -> str:
    return (response.headers.get(name) or b"").decode("latin-1")


def _asked(response: Response) -> float:
    if response.status not in (429, 503):
        return 0.0
    return retry_after_seconds(_header(response, "Retry-After")) or 0.0


def _until_reset(response: Response) -> float:
    try:
        remaining = float(_header(response, "x-ratelimit-remaining"))
        reset = float(_header(response, "x-ratelimit-reset"))
    except ValueError:
        return 0.0
    return reset if remaining < 1 and math.isfinite(reset) else 0.0


def _crawl_delay(response: Response, user_agent: str) -> float | None:
    if response.status != 200 or not response.url.endswith("/robots.txt"):
        return None
    return Protego.parse(response.body.decode("utf-8", "replace")).crawl_delay(user_agent)
