"""What the Data API means by a status that is not 200.

Source: https://developers.google.com/youtube/v3/docs/errors.
"""

from __future__ import annotations

import json
from typing import Any

from gleanery.errors import (
    CredentialError,
    ExtractionError,
    PlatformUnavailableError,
    QuotaError,
)
from platforms.youtube.backend import Call, Unavailable

QUOTA = ("quotaExceeded", "dailyLimitExceeded")
WAIT = ("rateLimitExceeded", "userRateLimitExceeded", "backendError", "internalError")
KEY = ("keyInvalid", "keyExpired", "accessNotConfigured", "ipRefererBlocked", "API_KEY_INVALID")
GONE = {
    "commentsDisabled": "comments_disabled",
    "channelClosed": "removed",
    "channelSuspended": "removed",
    "channelForbidden": "private",
    "playlistForbidden": "private",
    "playlistItemsNotAccessible": "private",
    "playlistOperationUnsupported": "private",
    "videoNotFound": "not_found",
    "playlistNotFound": "not_found",
    "channelNotFound": "not_found",
    "commentThreadNotFound": "not_found",
    "commentNotFound": "not_found",
    "notFound": "not_found",
}


def raise_for(call: Call, status: int, body: bytes) -> Unavailable | None:
    """Return ``None`` for an answer, or what is not available.

    Raises:
        QuotaError: The day's quota is spent.
        CredentialError: The key is refused.
        PlatformUnavailableError: Too fast, or the API fails.
        ExtractionError: The API does not take the question.
    """
    if status == 200:
        return None
    reasons, message = _read(body)
    for reason in reasons:
        if reason in GONE:
            return Unavailable(about=call.about, reason=GONE[reason], message=message or reason)
    if any(reason in QUOTA for reason in reasons):
        raise QuotaError(f"{message or 'quota exceeded'} (it is renewed at midnight Pacific time)")
    if status == 429 or status >= 500 or any(reason in WAIT for reason in reasons):
        raise PlatformUnavailableError(f"HTTP {status} {message}".strip())
    about_key = any(reason in KEY for reason in reasons) or "API key" in message
    if about_key or status in (401, 403):
        raise CredentialError(f"{message or f'HTTP {status}'} (check GLEANERY_YOUTUBE_API_KEY)")
    if status == 404:
        return Unavailable(about=call.about, reason="not_found", message=message or "HTTP 404")
    raise ExtractionError(f"HTTP {status} {message}".strip())


def _read(body: bytes) -> tuple[list[str], str]:
    """Return the reasons and the message of an error; nothing if it is no JSON of the API."""
    try:
        error: Any = json.loads(body)["error"]
        details = error.get("errors", []) + error.get("details", [])
        reasons = [row["reason"] for row in details if "reason" in row]
        return reasons, " ".join(str(error.get("message", "")).split())
    except (ValueError, KeyError, TypeError, AttributeError):
        return [], ""
