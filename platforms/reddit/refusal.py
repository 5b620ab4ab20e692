"""Why Reddit gave no answer, in words for an operator."""

from __future__ import annotations

import json

_WHY = {
    301: "it has moved",
    302: "there is no such subreddit",
    400: "Reddit does not understand the request",
    403: "forbidden: private, quarantined or banned",
    404: "there is no such thing",
    429: "too many requests, even after waiting",
    451: "blocked for legal reasons",
}


def explain(status: int, body: bytes) -> str:
    """Return e.g. ``403 forbidden: private, quarantined or banned (reason: private)``."""
    why = _WHY.get(status, "Reddit has trouble" if status >= 500 else "refused")
    stated = _reason(body)
    return f"{status} {why}" + (f" (reason: {stated})" if stated else "")


def _reason(body: bytes) -> str:
    """Return the reason that Reddit's JSON states, e.g. ``private``; empty if it states none."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    reason = answer.get("reason") if isinstance(answer, dict) else None
    return reason[:40] if isinstance(reason, str) else ""
