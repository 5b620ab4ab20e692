"""Requests as bytes: JSON inside, never pickle; callbacks by name."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from scrapy.http import FormRequest, JsonRequest, Request
from scrapy.utils.request import request_from_dict

from gleanery.errors import FrontierError

if TYPE_CHECKING:
    from scrapy import Spider

VERSION = 1
REQUEST_CLASSES = tuple(
    f"{cls.__module__}.{cls.__name__}" for cls in (Request, FormRequest, JsonRequest)
)
"""What a body may name: anyone who can write into Redis could name any class otherwise."""
TRANSIENT = frozenset(
    {"download_slot", "download_latency", "download_timeout", "proxy", "lease", "parent"}
)
"""Meta keys that a download sets and the next one must set anew."""
_DEFAULTS: dict[str, Any] = {
    "method": "GET", "headers": {}, "body": b"", "cookies": {}, "meta": {}, "encoding": "utf-8",
    "priority": 0, "dont_filter": False, "flags": [], "cb_kwargs": {}, "callback": None,
    "errback": None, "verbatim_url": False,
}  # fmt: skip


def encode_request(request: Request, spider: Spider) -> bytes:
    """Write a request; defaults are left out, and so is ``meta`` that is not plain.

    Raises:
        ValueError: A callback is no method of ``spider``, ``cb_kwargs`` hold what JSON does not, or
            the request is of a class of its own: it cannot leave this process.
    """
    row = request.to_dict(spider=spider)
    if row.get("_class", REQUEST_CLASSES[0]) not in REQUEST_CLASSES:
        raise ValueError(f"{request}: only {', '.join(REQUEST_CLASSES)} can be queued")
    row["headers"] = {name.decode("latin-1"): values for name, values in row["headers"].items()}
    row["meta"] = {k: v for k, v in row["meta"].items() if k not in TRANSIENT and _is_plain(v)}
    row = {k: v for k, v in row.items() if k not in _DEFAULTS or v != _DEFAULTS[k]}
    try:
        return json.dumps({"v": VERSION} | row, default=_tagged, ensure_ascii=False).encode()
    except TypeError as error:
        raise ValueError(f"{request}: {error}") from error


def decode_request(body: bytes, spider: Spider) -> Request:
    """Read what :func:`encode_request` wrote.

    Raises:
        FrontierError: The body is corrupt, of another version, or names a callback that is gone.
    """
    try:
        row = json.loads(body, object_hook=_untagged)
        version = row.pop("v")
        if row.get("_class", REQUEST_CLASSES[0]) not in REQUEST_CLASSES:
            raise FrontierError(f"no class of request: {row['_class']!r:.100}")  # noqa: TRY301
        request = request_from_dict(row, spider=spider)
    except Exception as error:  # whatever stands in Redis, one body must not stop a crawl
        raise FrontierError(f"unreadable request {body[:200]!r}: {error}") from error
    if version != VERSION:
        raise FrontierError(f"request of version {version}, this program reads {VERSION}")
    return request


def _is_plain(value: Any) -> bool:
    if isinstance(value, str | int | float):  # the commonest need not be tried
        return True
    try:
        json.dumps(value, default=_tagged)
    except (TypeError, ValueError):
        return False
    return True


def _tagged(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"__bytes__": base64.b64encode(value).decode()}
    raise TypeError(f"{type(value).__name__} does not fit into a queue")


def _untagged(row: dict[str, Any]) -> Any:
    return base64.b64decode(row["__bytes__"]) if row.keys() == {"__bytes__"} else row
