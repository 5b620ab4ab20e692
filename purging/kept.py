"""The places beside exports and examples: stores, files, the queue, the index of duplicates."""

from __future__ import annotations

import shutil
from hashlib import sha256
from typing import TYPE_CHECKING

from purging.place import ByIdentity, Counts, Place
from storage.book import TOPICS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from media.store import MediaStore
    from purging.targets import Targets
    from quality import NearIndex
    from storage import Store
    from storage.work import WorkQueue


class StorePlace(ByIdentity):
    """Documents, comments, pages, catalogue, full text, visits, evidence of proposals."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def count_some(self, identities: Sequence[str]) -> Counts:
        return {f"store/{part}": n for part, n in self.store.traces(identities).items()}

    def remove_some(self, identities: Sequence[str]) -> None:
        self.store.delete(identities)


class TopicsPlace(Place):
    """Topics that name an item go whole: the next ``gleanery topics`` finds them anew."""

    def __init__(self, store: Store) -> None:
        self.book = store.book(TOPICS)

    def count(self, targets: Targets) -> Counts:
        return {"topics": len(self._found(targets))}

    def remove(self, targets: Targets) -> None:
        if found := self._found(targets):
            self.book.delete(found)

    def _found(self, targets: Targets) -> list[str]:
        records = self.book.scan()
        return [record["key"] for record in records if targets.among([*_texts_in(record)])]


class MediaPlace(Place):
    """Files, vectors among them, that no other item names; the bytes are looked for, not a list."""

    def __init__(self, media: MediaStore) -> None:
        self.media = media

    def count(self, targets: Targets) -> Counts:
        began_at = targets.began_at
        found = (self.media.find(key) for keys in targets.files() for key in keys)
        return {"media": sum(e is not None and e.modified_at < began_at for e in found)}

    def remove(self, targets: Targets) -> None:
        for keys in targets.files():
            for key in keys:
                self.media.delete(key, unless_since=targets.began_at)


class ScratchPlace(ByIdentity):
    """Unfinished downloads of workers (``HOME/work``)."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "work"

    def count_some(self, identities: Sequence[str]) -> Counts:
        return {"work/files": sum(self._of(identity).exists() for identity in identities)}

    def remove_some(self, identities: Sequence[str]) -> None:
        for identity in identities:
            shutil.rmtree(self._of(identity), ignore_errors=True)

    def _of(self, identity: str) -> Path:
        name = sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return self.folder / name


class QueuePlace(ByIdentity):
    """Jobs of the work queue; a worker that has one finds its lease lost."""

    def __init__(self, queue: WorkQueue) -> None:
        self.queue = queue

    def count_some(self, identities: Sequence[str]) -> Counts:
        return {"work/jobs": len(self.queue.known(identities))}

    def remove_some(self, identities: Sequence[str]) -> None:
        self.queue.remove(identities)


class NearPlace(ByIdentity):
    """The index of near-duplicates (``HOME/near.db``)."""

    def __init__(self, index: NearIndex) -> None:
        self.index = index

    def count_some(self, identities: Sequence[str]) -> Counts:
        return {"near": self.index.traces(identities)}

    def remove_some(self, identities: Sequence[str]) -> None:
        self.index.remove(identities)


def _texts_in(value: object) -> list[str]:
    """Return every text in plain values, however deep."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for part in (*value, *value.values()) for text in _texts_in(part)]
    if isinstance(value, list | tuple):
        return [text for part in value for text in _texts_in(part)]
    return []
