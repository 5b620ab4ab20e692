"""Answers with a strong ETag: asked again with it, an answer that is the same is 304."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

from fastapi import Response

if TYPE_CHECKING:
    from fastapi import Request
    from pydantic import BaseModel

_TAG = re.compile(r'(?:W/)?"[^"]*"')


def answer(request: Request, body: BaseModel) -> Response:
    """Return ``body`` as JSON, or 304 if the client has the very same bytes."""
    data = body.model_dump_json().encode()
    tag = f'"{sha256(data).hexdigest()[:32]}"'
    headers = {
        "ETag": tag,
        "Cache-Control": "private, no-cache",
        "Vary": "Authorization",
        **getattr(request.state, "headers", {}),
    }
    if has(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    return Response(data, media_type="application/json", headers=headers)


def has(stated: str | None, tag: str) -> bool:
    """Whether ``If-None-Match`` names a tag (RFC 9110, 13.1.2: compared weakly)."""
    if stated is None:
        return False
    return stated.strip() == "*" or tag in (t.removeprefix("W/") for t in _TAG.findall(stated))
