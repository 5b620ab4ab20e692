"""Items that wait for their store, in order, on disk, up to a number of bytes."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING

from gleanery.errors import StoreUnavailableError
from gleanery.files import locked, write_whole
from storage.spool.item_bytes import bytes_to_item, item_to_bytes
from storage.spool.position import START, Position, read_position, write_position
from storage.spool.record import HEADER_BYTES, Damage, ends, is_end, pack, read_header, walk
from storage.spool.refused import Refused
from storage.spool.segments import (
    Segment,
    new_segment,
    segments_in,
    sync_folder,
    write_at,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from items import Item
    from storage.spool.record import Record

logger = logging.getLogger(__name__)

NO_TRACES: Mapping[str, str] = MappingProxyType({})
SEGMENT_BYTES = 8 * 2**20
"""Size from which on a segment gets no more; space becomes free by whole segments."""


@dataclass(slots=True, kw_only=True)
class Batch:
    """What was read, and how far that is."""

    items: list[Item] = field(default_factory=list)
    traces: list[str] = field(default_factory=list)
    """Of those items that have one."""
    damaged: list[Damage] = field(default_factory=list)
    segment: Segment | None = None
    """Where they are; ``None`` = nothing waits."""
    end: Position = START

    def add(self, found: Record | Damage) -> None:
        """Take the next piece in; what is no item of ours is as good as damaged."""
        if isinstance(found, Damage):
            self.damaged.append(found)
            return
        try:
            item, trace = bytes_to_item(found.payload)
        except (KeyError, TypeError, ValueError) as error:
            reason = f"an item that this program does not know: {error!r}"
            self.damaged.append(Damage(found.start, found.end, found.payload, reason))
            return
        self.items.append(item)
        if trace:
            self.traces.append(trace)


@dataclass(slots=True, kw_only=True)
class Waiting:
    """What a spool holds."""

    items: int = 0
    """Those that wait for the store."""
    bytes: int = 0
    """On disk, with those of a segment that are replayed already."""
    oldest_at: float | None = None
    """When the first of them was written, seconds since the epoch; ``None`` if none waits."""
    refused: int = 0
    """Items that the store would not take, kept beside."""
    damaged: int = 0
    """Pieces that could not be read, kept beside."""


class Spool:
    """One store's; processes that share the folder may all append, and one at a time replays.

    Methods block and may be called from any thread. A batch is on disk when :meth:`append` returns.
    """

    def __init__(self, folder: Path, *, max_bytes: int, segment_bytes: int = SEGMENT_BYTES) -> None:
        """Prepare; the folder is made by the first :meth:`append`."""
        self.folder, self.max_bytes, self.segment_bytes = folder, max_bytes, segment_bytes
        self.refused = Refused(folder / "refused.jsonl")
        self._position_file = folder / "position"
        self._counted: dict[Path, tuple[int, int]] = {}

    @property
    def name(self) -> str:
        """Name of the folder: the store's, and a hash of its address."""
        return self.folder.name

    def is_empty(self) -> bool:
        """Whether nothing waits, not even what another process put there."""
        return not segments_in(self.folder)

    def append(self, items: Sequence[Item], traces: Mapping[str, str] = NO_TRACES) -> int:
        """Keep items behind those that wait; return how many there was room for, from the first on.

        Args:
            items: In order.
            traces: For some, by identity: the trace that storing them is part of, as a W3C header.

        Raises:
            StoreUnavailableError: The disk took none of them.
            WriteRejectedError: One of them can be kept nowhere; none was kept.
        """
        payloads = [item_to_bytes(item, traces.get(item.identity, "")) for item in items]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._writing():
                return self._append(payloads)
        except OSError as error:
            raise StoreUnavailableError(f"{self.folder} takes nothing: {error}") from error

    def read(self, limit: int) -> Batch:
        """Return the first items that wait, at most ``limit``, of one segment.

        Raises:
            StoreUnavailableError: The disk cannot be read.
        """
        try:
            with self._writing():  # nobody is in the middle of writing
                return self._read(limit)
        except OSError as error:
            raise StoreUnavailableError(f"{self.folder} cannot be read: {error}") from error

    def forget(self, batch: Batch) -> None:
        """Note that ``batch`` has been replayed; what was damaged in it is set aside.

        Raises:
            StoreUnavailableError: The disk took no note: the same batch will be read again.
        """
        if batch.segment is None:
            return
        try:
            for damage in batch.damaged:
                self._set_aside(batch.segment, damage)
            with self._writing():
                self._forget(batch.segment, batch.end)
        except OSError as error:
            raise StoreUnavailableError(f"{self.folder} takes no note: {error}") from error

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Replay alone: yields whether it is our turn, or another process is at it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder / "replay.lock", wait=False) as ours:
            yield ours

    def waiting(self) -> Waiting:
        """Count what waits; reads the headers of what has come since the last time."""
        done, segments = self._standing()
        items = sum(self._count(segment)[1] for segment in segments)
        if segments and segments[0].number == done.segment:
            items -= done.records
        return Waiting(
            items=max(0, items),
            bytes=sum(segment.size for segment in segments),
            oldest_at=_oldest(segments[0], done) if segments and items > 0 else None,
            refused=self.refused.count(),
            damaged=len(list(self.folder.glob("damaged/*"))),
        )

    # --- inside
    def _writing(self) -> AbstractContextManager[bool]:
        return locked(self.folder / "append.lock")

    def _standing(self) -> tuple[Position, list[Segment]]:
        """Return how far the replay is, and what is from there on."""
        done = read_position(self._position_file)
        return done, [s for s in segments_in(self.folder) if s.number >= done.segment]

    def _append(self, payloads: list[bytes]) -> int:
        done, segments = self._standing()
        room = self.max_bytes - sum(segment.size for segment in segments)
        fitting: list[bytes] = []
        for payload in payloads:
            room -= HEADER_BYTES + len(payload)
            if room < 0:
                break
            fitting.append(payload)
        if fitting:
            segment, end = self._last(done, segments)
            now = int(time.time() * 1000)
            data = b"".join(pack(segment.mark, payload, now) for payload in fitting)
            write_at(segment.path, end, data)
        return len(fitting)

    def _last(self, done: Position, segments: list[Segment]) -> tuple[Segment, int]:
        """Return where the next record goes: behind the last intact one, or in a new segment."""
        if not segments:
            return new_segment(self.folder, max(1, done.segment)), 0
        last = segments[-1]
        end, _ = self._count(last)
        with last.path.open("rb") as file:
            is_sound = is_end(file, last.mark, end)
        if is_sound and end < self.segment_bytes:
            return last, end
        return new_segment(self.folder, last.number + 1), 0

    def _count(self, segment: Segment) -> tuple[int, int]:
        """Return where the first damage of a segment is, or its end, and how many records it has.

        Remembers how far it came: a segment only grows.
        """
        end, count = self._counted.get(segment.path, (0, 0))
        try:
            with segment.path.open("rb") as file:
                for record_end in ends(file, segment.mark, end):
                    end, count = record_end, count + 1
                self._counted[segment.path] = end, count
                if not is_end(file, segment.mark, end):
                    count += sum(1 for _ in walk(file, segment.mark, end))
        except FileNotFoundError:  # replayed meanwhile
            self._counted.pop(segment.path, None)
            return 0, 0
        return end, count

    def _read(self, limit: int) -> Batch:
        done, segments = self._standing()
        if not segments:  # a crash came between noting and removing what was left
            left = segments_in(self.folder)
            return Batch(segment=left[-1], end=done) if left else Batch()
        segment, batch = segments[0], Batch(segment=segments[0])
        _, at, records = done if segment.number == done.segment else (0, 0, 0)
        with segment.path.open("rb") as file:
            for found in islice(walk(file, segment.mark, at), limit):
                batch.add(found)
                at, records = found.end, records + 1
        batch.end = Position(segment.number, at, records)
        return batch

    def _forget(self, segment: Segment, end: Position) -> None:
        if end.segment == segment.number:
            with segment.path.open("rb") as file:
                if next(walk(file, segment.mark, end.offset), None) is None:
                    end = Position(segment.number + 1)
        write_position(self._position_file, end)
        gone = [s for s in segments_in(self.folder) if s.number < end.segment]
        for old in gone:
            old.path.unlink()
            self._counted.pop(old.path, None)
        if gone:
            sync_folder(self.folder)

    def _set_aside(self, segment: Segment, damage: Damage) -> None:
        path = self.folder / "damaged" / f"{segment.path.stem}-{damage.start}"
        write_whole(path, damage.data)
        logger.error(
            "%d bytes of %s are damaged (%s): kept as %s, the items behind them go on",
            len(damage.data),
            segment.path.name,
            damage.reason,
            path,
        )


def _oldest(segment: Segment, done: Position) -> float | None:
    try:
        with segment.path.open("rb") as file:
            file.seek(done.offset if segment.number == done.segment else 0)
            header = read_header(file.read(HEADER_BYTES), segment.mark)
            return header.milliseconds / 1000 if header else segment.path.stat().st_mtime
    except FileNotFoundError:
        return None
