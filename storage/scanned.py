"""A walk over all items: whole, or only the fields that somebody needs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, TypeVar

import msgspec

from gleanery.errors import StoreError
from gleanery.json_text import read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from storage.store import Row

Form = TypeVar("Form", bound=msgspec.Struct)


class Scanned(ABC):
    """This part of :class:`storage.Store`."""

    @abstractmethod
    def scan(self, *, unclassified: bool = False, kinds: Sequence[str] = ()) -> Iterator[Row]:
        """Yield items in the order of their first saving, while others may be writing.

        Args:
            unclassified: Only those whose ``classified_at`` is null.
            kinds: Only these kinds; none = all.
        """

    def scan_as(self, form: type[Form], *, kinds: Sequence[str] = ()) -> Iterator[Form]:
        """Yield items as :meth:`scan` does, as objects that hold what ``form`` has fields for.

        SQLite reads no other fields: half of the time that :meth:`scan` takes.

        Raises:
            StoreError: An item lacks a field, or has it of another type.
        """
        for row in self.scan(kinds=kinds):
            yield formed(row, form)


def reader_of(form: type[Form]) -> Callable[[bytes], Form]:
    """Return what reads an item's JSON as :func:`formed` does, without its other fields."""
    decode = msgspec.json.Decoder(form).decode

    def read(body: bytes) -> Form:
        try:
            return decode(body)
        except (msgspec.DecodeError, UnicodeError):  # what ``read_json`` has its own ways with
            return formed(read_json(body), form)

    return read


def formed(row: Row, form: type[Form]) -> Form:
    """Return those fields of an item that ``form`` has.

    Raises:
        StoreError: It lacks one, or has it of another type.
    """
    try:
        return msgspec.convert(row, form)
    except msgspec.ValidationError as error:
        raise StoreError(f"{row.get('identity')!r} is damaged in the store: {error}") from error
