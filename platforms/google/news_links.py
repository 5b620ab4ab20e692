"""Google News hides a publisher's address in a token; two kinds exist.

Until 2024 a token was the address itself in a protocol buffer, in base64. Today's holds an opaque
string (``AU_yqL…``): the article page carries a signature and a time, with which the page's own
``batchexecute`` call (``Fbv4je``) answers the address. Format read from the pages, see
``docs/google.md``.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any
from urllib.parse import urlencode, urlsplit

from gleanery.errors import ExtractionError
from gleanery.foreign_json import read_foreign
from gleanery.urls import canonical_url

_TOKEN = re.compile(r"/(?:articles|read)/([A-Za-z0-9_-]{16,})")
_ADDRESS_FIELD = 4
"""Number of the protocol buffer's field with the article's address; 26 holds its AMP page."""

_SIGNATURE = re.compile(r'data-n-a-sg="([^"]+)"')
_TIME = re.compile(r'data-n-a-ts="(\d+)"')


def token_of(link: str) -> str | None:
    """Return the token of a Google News link, or ``None`` if it is no such link."""
    found = _TOKEN.search(urlsplit(link).path)
    return found[1] if found else None


def decode_offline(token: str) -> str | None:
    """Return the address in an old token; ``None`` for one of today's, or a malformed one."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        fields = dict(_fields(raw))
        address = fields.get(_ADDRESS_FIELD, b"").decode("ascii")
        canonical_url(address)
    except (binascii.Error, ValueError, IndexError):
        return None
    return address


def article_address(base: str, token: str) -> str:
    """Return the page whose markup holds the signature of ``token``."""
    return f"{base.rstrip('/')}/articles/{token}"


def read_signature(page: bytes) -> tuple[str, int]:
    """Return the signature and the time (seconds) of an article page.

    Raises:
        ExtractionError: The page has none: a consent page, a block, or a new layout.
    """
    text = page.decode("utf-8", "replace")
    signature, time = _SIGNATURE.search(text), _TIME.search(text)
    if not signature or not time:
        raise ExtractionError("Google News: no signature on the article page")
    return signature[1], int(time[1])


def decode_call(base: str, token: str, signature: str, time: int) -> tuple[str, str]:
    """Return the address and the form body of the call that decodes ``token``."""
    # what stands between the name and the token is the reader's settings, which play no part
    reader: list[Any] = [
        ["X", "X", ["X", "X"], None, None, 1, 1, "US:en", None, 1, *[None] * 5, 0, 1]
    ]
    reader += ["X", "X", 1, [1, 1, 1], 1, 1, None, 0, 0, None, 0]
    call = json.dumps(["garturlreq", reader, token, time, signature], separators=(",", ":"))
    body = json.dumps([[["Fbv4je", call, None, "generic"]]], separators=(",", ":"))
    return f"{base.rstrip('/')}/_/DotsSplashUi/data/batchexecute", urlencode({"f.req": body})


def read_decoded(body: bytes) -> str:
    """Return the publisher's address in the answer to :func:`decode_call`.

    Raises:
        ExtractionError: There is none.
    """
    for line in body.decode("utf-8", "replace").splitlines():
        if '"Fbv4je"' not in line:
            continue
        try:
            rows = json.loads(line)
            answers = (read_foreign(r[2]) for r in rows if r[:2] == ["wrb.fr", "Fbv4je"])
            return _address(next(answers))
        except (ValueError, LookupError, TypeError, AttributeError, StopIteration) as error:
            raise ExtractionError("Google News: the answer holds no address") from error
    raise ExtractionError("Google News: the answer is not one of batchexecute")


def _address(answer: Any) -> str:
    if answer[0] != "garturlres":
        raise ValueError(answer[0])
    canonical_url(answer[1])
    return str(answer[1])


def _fields(raw: bytes) -> list[tuple[int, bytes]]:
    """Return the length-delimited fields of a protocol buffer, the last of each number first.

    Wire format: https://protobuf.dev/programming-guides/encoding/

    Raises:
        IndexError: It is cut off.
        ValueError: It has a wire type that these tokens do not use.
    """
    found, at = [], 0
    while at < len(raw):
        key, at = _varint(raw, at)
        if key & 7 == 0:
            _, at = _varint(raw, at)
            continue
        if key & 7 != 2:
            raise ValueError(f"wire type {key & 7}")
        length, at = _varint(raw, at)
        if at + length > len(raw):
            raise IndexError("cut off")
        found.append((key >> 3, raw[at : at + length]))
        at += length
    return found[::-1]


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = raw[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
