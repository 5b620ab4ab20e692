"""Records of a segment, one behind the other: a header, then an item.

The header is, big-endian: 8 bytes that mark the segment (random, in its name), u64 milliseconds
since the epoch, u32 length and CRC-32 of what follows, u32 CRC-32 of the header so far. The mark is
what a reader looks for behind a damaged header: no crawled page can hold it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_FIELDS = struct.Struct(">8sQII")
_CHECK = struct.Struct(">I")
MARK_BYTES = 8
HEADER_BYTES = _FIELDS.size + _CHECK.size


@dataclass(slots=True, frozen=True)
class Header:
    """What a header says."""

    milliseconds: int
    """When the record was written, since the epoch."""
    length: int
    check: int
    """CRC-32 of the payload."""


@dataclass(slots=True, frozen=True)
class Record:
    """An intact record, at bytes ``start`` to ``end`` of its segment."""

    start: int
    end: int
    payload: bytes


@dataclass(slots=True, frozen=True)
class Damage:
    """Bytes that are no intact record."""

    start: int
    end: int
    data: bytes
    reason: str


def pack(mark: bytes, payload: bytes, milliseconds: int) -> bytes:
    """Return a record.

    Args:
        mark: The segment's, 8 bytes.
        payload: Less than 4 GiB.
        milliseconds: Since the epoch.
    """
    fields = _FIELDS.pack(mark, milliseconds, len(payload), crc32(payload))
    return fields + _CHECK.pack(crc32(fields)) + payload


def read_header(data: bytes, mark: bytes) -> Header | None:
    """Return the header that ``data`` begins with, or ``None`` if it is none of this segment."""
    if len(data) < HEADER_BYTES:
        return None
    (check,) = _CHECK.unpack_from(data, _FIELDS.size)
    if crc32(data[: _FIELDS.size]) != check:
        return None
    found, milliseconds, length, payload_check = _FIELDS.unpack_from(data)
    return Header(milliseconds, length, payload_check) if found == mark else None


def walk(file: BinaryIO, mark: bytes, start: int) -> Iterator[Record | Damage]:
    """Yield what is in a segment from the byte ``start`` on, in order.

    A last record that is cut short (its writer was killed, and had told nobody that it was kept)
    ends the walk as the end of the file does.
    """
    size = file.seek(0, 2)
    while start < size:
        file.seek(start)
        data = file.read(HEADER_BYTES)
        header = read_header(data, mark)
        if header is None:
            if len(data) < HEADER_BYTES:
                return
            end = _next_header(file, mark, start)
            yield Damage(start, end, _bytes(file, start, end), "a header that does not add up")
        else:
            end = start + HEADER_BYTES + header.length
            if end > size:
                return
            payload = file.read(header.length)
            if crc32(payload) == header.check:
                yield Record(start, end, payload)
            else:
                reason = "an item that does not add up"
                yield Damage(start, end, _bytes(file, start, end), reason)
        start = end


def ends(file: BinaryIO, mark: bytes, start: int) -> Iterator[int]:
    """Yield where records end, by their headers, up to one that is damaged or cut short."""
    size = file.seek(0, 2)
    while start < size:
        file.seek(start)
        header = read_header(file.read(HEADER_BYTES), mark)
        if header is None or start + HEADER_BYTES + header.length > size:
            return
        start += HEADER_BYTES + header.length
        yield start


def is_end(file: BinaryIO, mark: bytes, start: int) -> bool:
    """Whether nothing is behind ``start``, or nothing but a record that was cut short."""
    size = file.seek(0, 2)
    file.seek(start)
    data = file.read(HEADER_BYTES)
    header = read_header(data, mark)
    if header is None:
        return len(data) < HEADER_BYTES
    return start + HEADER_BYTES + header.length > size


def _next_header(file: BinaryIO, mark: bytes, start: int) -> int:
    file.seek(start)
    data = file.read()
    at = data.find(mark, 1)
    while at >= 0 and read_header(data[at : at + HEADER_BYTES], mark) is None:
        at = data.find(mark, at + 1)
    return start + (len(data) if at < 0 else at)


def _bytes(file: BinaryIO, start: int, end: int) -> bytes:
    file.seek(start)
    return file.read(end - start)
