"""An item as bytes and back, whole: pages, ``NaN`` and halves of surrogate pairs, too."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from gleanery.errors import WriteRejectedError
from items import item_from_dict

if TYPE_CHECKING:
    from items import Item

_BINARY = "__binary__"
_TRACE = "__trace__"


def item_to_row(item: Item) -> dict[str, Any]:
    """Return plain values, ready for JSON; binary fields in base64 under one key of their own."""
    values = {f.name: getattr(item, f.name) for f in fields(item)}
    binary = {k: b64encode(v).decode() for k, v in values.items() if isinstance(v, bytes)}
    return item.to_dict() | ({_BINARY: binary} if binary else {})


def row_to_item(row: dict[str, Any]) -> Item:
    """Read what :func:`item_to_row` gave.

    Raises:
        KeyError, TypeError, ValueError: It is no item that this program knows.
    """
    item = item_from_dict(row)
    for name, text in row.get(_BINARY, {}).items():
        setattr(item, name, b64decode(text))
    return item


def item_to_bytes(item: Item, trace: str = "") -> bytes:
    """Return ``item`` as JSON in ASCII, with the trace that it is part of.

    Raises:
        WriteRejectedError: It holds something that is no plain value.
    """
    try:
        row = item_to_row(item) | ({_TRACE: trace} if trace else {})
        return json.dumps(row, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        raise WriteRejectedError(f"{item.identity}: {error}") from error


def bytes_to_item(data: bytes) -> tuple[Item, str]:
    """Read what :func:`item_to_bytes` wrote: the item, and its trace or nothing.

    Raises:
        KeyError, TypeError, ValueError: It is no item that this program knows.
    """
    row = json.loads(data)
    return row_to_item(row), str(row.get(_TRACE, ""))
