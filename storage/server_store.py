"""The door to a store whose drivers are an extra: nothing of it is imported before it is opened."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from gleanery.errors import ConfigError, StoreError, StoreUnavailableError
from storage.item_filter import ANY
from storage.store import Row, Store, StoreStats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from items import Item, Proposal
    from items.proposal import Status
    from storage.book import Book
    from storage.item_filter import ItemFilter, Page, Place
    from storage.labelled import ModelLabels
    from storage.reconciled import Reconciled
    from storage.store import Change


class ServerStore(Store):
    """Passes every call on to the store that :meth:`make` gives."""

    writers: ClassVar[int] = 3  # while one server works on a batch, we and the other have the next
    _inner: Store | None = None

    @abstractmethod
    def make(self) -> Store:
        """Return the store itself, not yet opened.

        Raises:
            ImportError: Its drivers are missing.
            ConfigError: A setting is missing or malformed.
        """

    def open(self) -> None:
        inner = self._made()
        try:
            inner.open()
        except BaseException:
            inner.close()
            raise
        self._inner = inner

    def close(self) -> None:
        inner, self._inner = self._inner, None
        if inner:
            inner.close()

    def init(self) -> list[str]:
        inner = self._made()
        try:
            return inner.init()
        finally:
            inner.close()

    def check(self) -> list[str]:
        return self._opened.check()

    def reconcile(
        self,
        *,
        check: bool = False,
        remove_orphans: bool = False,
        progress: Callable[[int], None] = lambda _done: None,
    ) -> Reconciled:
        return self._written.reconcile(
            check=check, remove_orphans=remove_orphans, progress=progress
        )

    def delete(self, identities: Sequence[str]) -> list[str]:
        return self._written.delete(identities)

    def traces(self, identities: Sequence[str]) -> dict[str, int]:
        return self._opened.traces(identities)

    def save(self, items: Sequence[Item]) -> None:
        self._written.save(items)

    def update_many(self, changes: Mapping[str, Change]) -> list[str]:
        return self._written.update_many(changes)

    def rows(self, identities: Sequence[str]) -> list[Row]:
        return self._opened.rows(identities)

    def raw(self, identity: str) -> bytes | None:
        return self._opened.raw(identity)

    def search(self, text: str, *, limit: int = 20, wanted: ItemFilter = ANY) -> list[Row]:
        return self._opened.search(text, limit=limit, wanted=wanted)

    def page(
        self, wanted: ItemFilter = ANY, *, after: Place | None = None, limit: int = 50
    ) -> Page:
        return self._opened.page(wanted, after=after, limit=limit)

    def comments(self, identity: str, *, after: Place | None = None, limit: int = 50) -> Page:
        return self._opened.comments(identity, after=after, limit=limit)

    def scan(self, *, unclassified: bool = False, kinds: Sequence[str] = ()) -> Iterator[Row]:
        return self._opened.scan(unclassified=unclassified, kinds=kinds)

    def latest(self, *, limit: int = 20, category: str | None = None) -> list[Row]:
        return self._opened.latest(limit=limit, category=category)

    def stats(self, *, classified_kinds: Sequence[str]) -> StoreStats:
        return self._opened.stats(classified_kinds=classified_kinds)

    def model_labels(self) -> list[ModelLabels]:
        return self._opened.model_labels()

    def propose(self, proposals: Sequence[Proposal]) -> int:
        return self._written.propose(proposals)

    def proposals(self, *, status: Status | None = None) -> list[Proposal]:
        return self._opened.proposals(status=status)

    def decide(self, identity: str, status: Status) -> bool:
        return self._written.decide(identity, status)

    @property
    def _written(self) -> Store:
        if self.options.read_only:
            raise StoreError(f"the store {self.name} was opened read-only (읽기 전용)")
        return self._opened

    def book(self, name: str) -> Book:
        return self._opened.book(name)

    @property
    def _opened(self) -> Store:
        if self._inner is None:
            raise StoreUnavailableError(f"the store {self.name} is not open")
        return self._inner

    def _made(self) -> Store:
        try:
            return self.make()
        except ImportError as error:
            raise ConfigError(
                f"The store {self.name} needs its drivers (드라이버가 없습니다):"
                f" pip install 'gleanery[server]' ({error})"
            ) from error
