"""What a store must do."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from gleanery.registry import choose, load_folder
from items.visit import Observation, Visit
from storage import transcripts, video_vectors
from storage.book import TOMBSTONES, TRANSCRIPTS, VECTORS, VISITS, Book
from storage.item_filter import ANY, ItemFilter
from storage.labelled import Labelled
from storage.options import StoreOptions
from storage.paged import Paged
from storage.tombstones import mark_of
from storage.upkeep import Upkeep
from storage.visits import Policy, followed, observed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from items import Item, Proposal
    from items.proposal import Status
    from items.transcript import Transcript
    from items.video_vector import VideoVector

    Change = Callable[[Item], None]

Row = dict[str, Any]
"""An item as plain values: what ``Item.to_dict`` gives."""


@dataclass(slots=True, kw_only=True)
class StoreStats:
    """Counts of everything kept."""

    total: int = 0
    items: dict[str, int] = field(default_factory=dict)
    """By platform."""
    kinds: dict[str, int] = field(default_factory=dict)
    """By kind."""
    categories: dict[str, int] = field(default_factory=dict)
    """By category key, classified items only; most first."""
    depths: dict[int, int] = field(default_factory=dict)
    """By depth."""
    days: dict[str, int] = field(default_factory=dict)
    """By day of ``fetched_at`` (UTC, ISO date), oldest first."""
    unclassified: int = 0
    """Items of a kind that gets classified, whose ``classified_at`` is null."""
    needs_review: int = 0
    """Items whose category the model was unsure of."""


class Store(Paged, Labelled, Upkeep):
    """Keeps items by identity; saving one twice changes nothing.

    Methods block and may be called from any thread; the caller runs them in one. A context manager.
    """

    name: ClassVar[str]
    """Key in ``STORE`` and in the registry."""
    writers: ClassVar[int] = 1
    """Calls of :meth:`save` at once that are quicker than one after the other."""

    def __init__(self, path: Path, options: StoreOptions | None = None) -> None:
        """Prepare the store.

        Args:
            path: File of an embedded store.
            options: Where the servers of the others are.
        """
        self.path = path
        self.options = options or StoreOptions()

    @abstractmethod
    def open(self) -> None:
        """Connect; an embedded store creates what is missing, a server's is made by :meth:`init`.

        Raises:
            ConfigError: No address is set, or the drivers are not installed.
            StoreUnavailableError: It is away or locked.
            StoreError: What is there is no store of ours, or of another version.
        """

    def init(self) -> list[str]:
        """Create what :meth:`open` expects, or bring it up to date; harmless if it is.

        Returns:
            What was made or found, one line each.

        Raises:
            StoreError: As for :meth:`open`.
        """
        with self:
            return [f"{self.path} is ready"]

    def check(self) -> list[str]:
        """Return what an operator should mend, one line each; none = all is well.

        Raises:
            StoreError: As for :meth:`open`.
        """
        return []

    @abstractmethod
    def close(self) -> None:
        """Let go of every connection; harmless if never opened."""

    @abstractmethod
    def save(self, items: Sequence[Item]) -> None:
        """Upsert ``items`` by identity; after a return all of them are kept.

        What was purged (``storage.tombstones``), by identity or by author, is left out.

        None is written if one of them cannot be kept. A store with transactions writes all or none
        in any case; MongoDB writes one document after the other, so that an outage in between
        leaves some of them written, each whole, until the batch is saved again.

        A known item gets the new values, but keeps its smallest depth, its annotations of other
        tools and engines, its media files of other roles and sources, and its classification if the
        new one has none or a lesser one (``storage.merge``).

        Raises:
            StoreUnavailableError: Not all were saved; the same call may succeed later.
            WriteRejectedError: Nothing was saved; an item cannot be kept.
        """

    @abstractmethod
    def update_many(self, changes: Mapping[str, Change]) -> list[str]:
        """Change items as they are now; nobody else's writing comes between reading and writing.

        One transaction, or one bulk, for all of some hundred. MongoDB, which has no transactions,
        writes each item whole; a bulk that others came into is repeated for what they changed.

        Args:
            changes: What to do, by identity: gets the item and changes it in place. Quick, and
                repeatable: it may be called again, in MongoDB even on an item that it has changed,
                so it sets what it means and never adds to it. What one raises goes through, and
                nothing is written.

        Returns:
            Identities of the items that there are, in order.

        Raises:
            StoreUnavailableError: Nothing was written, or, in MongoDB, a part, or, of two servers,
                only by the first; the same call may succeed later.
            WriteRejectedError: Nothing was written; an item cannot be kept so.
        """

    def update(self, identity: str, change: Change) -> bool:
        """Change one item, as :meth:`update_many` does; return whether there is such an item.

        It is never changed twice by one call, so ``change`` may add to it.
        """
        return bool(self.update_many({identity: change}))

    def find(self, identity: str) -> Row | None:
        """Return one item, or ``None``."""
        found = self.rows([identity])
        return found[0] if found else None

    @abstractmethod
    def rows(self, identities: Sequence[str]) -> list[Row]:
        """Return the items of some hundred ``identities`` in their order, those that there are."""

    @abstractmethod
    def raw(self, identity: str) -> bytes | None:
        """Return the page as fetched, uncompressed, or ``None`` if none was kept."""

    @abstractmethod
    def search(self, text: str, *, limit: int = 20, wanted: ItemFilter = ANY) -> list[Row]:
        """Return wanted items whose title or text has every word of ``text``, best first.

        Korean too. The order of ``wanted`` counts for nothing, but for the items it leaves out.
        """

    @abstractmethod
    def latest(self, *, limit: int = 20, category: str | None = None) -> list[Row]:
        """Return the items fetched last, newest first."""

    @abstractmethod
    def stats(self, *, classified_kinds: Sequence[str]) -> StoreStats:
        """Count everything.

        Args:
            classified_kinds: Kinds that get classified; the others never count as unclassified.
        """

    @abstractmethod
    def propose(self, proposals: Sequence[Proposal]) -> int:
        """Keep new proposals; return how many were new.

        One that is known gets the new evidence, and stays as it was decided.

        Raises:
            StoreUnavailableError: Nothing was kept; the same call may succeed later.
        """

    @abstractmethod
    def proposals(self, *, status: Status | None = None) -> list[Proposal]:
        """Return the proposals, most evidence first.

        Args:
            status: Only those that stand so.
        """

    @abstractmethod
    def decide(self, identity: str, status: Status) -> bool:
        """Note how a person decided; return whether there is such a proposal."""

    @abstractmethod
    def book(self, name: str) -> Book:
        """Return the records called ``name``, one of ``storage.book.BOOKS``."""

    def observe(self, items: Sequence[Item]) -> None:
        """Note that ``items`` were visited; :meth:`save` does it, too. A known instant is left out.

        Raises:
            StoreUnavailableError: Not all were noted; the same call may succeed later.
        """
        new, policy = followed(items), Policy.of(self.options)
        self.book(VISITS).change([*new], lambda key, old: observed(old, new[key], policy))

    def history(self, identity: str) -> list[Observation]:
        """Return what visits found of an item, oldest first; old ones are thinned out."""
        found = self.book(VISITS).get([identity])
        return Visit.from_dict(found[identity]).points if found else []

    def save_transcript(self, transcript: Transcript) -> None:
        """Keep what is said in a sound, in place of an older transcript; of purged items nothing.

        Raises:
            StoreUnavailableError: Not all of it was kept; the same call may succeed later.
            WriteRejectedError: It cannot be kept.
        """
        if not self.book(TOMBSTONES).get([mark_of(transcript.identity)]):
            transcripts.save(self.book(TRANSCRIPTS), transcript)

    def transcripts(self, identity: str) -> list[Transcript]:
        """Return what is said in the sounds of an item."""
        return transcripts.read(self.book(TRANSCRIPTS), identity)

    def save_vector(self, vector: VideoVector) -> None:
        """Keep the vector of a video, in place of an older one of it; raises as the above."""
        if not self.book(TOMBSTONES).get([mark_of(vector.identity)]):
            video_vectors.save(self.book(VECTORS), vector)

    def vectors(self, identity: str | None = None) -> Iterator[VideoVector]:
        """Yield the vectors of an item's videos, or of all; others may be writing."""
        return video_vectors.read(self.book(VECTORS), identity)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_store(name: str, path: str | Path, options: StoreOptions | None = None) -> Store:
    """Return the store called ``name``, not yet opened.

    Args:
        name: As in ``STORE``.
        path: File of an embedded store.
        options: Where the servers are; the embedded store needs none.

    Raises:
        RegistryError: There is none; the message lists those there are.
    """
    return choose(name, load_folder("storage.stores", Store), kind="store")(Path(path), options)


def configured_store(get: Callable[[str], Any]) -> Store:
    """Return the store that the settings name, not yet opened.

    Args:
        get: Value of a setting by its upper-case name, e.g. ``crawler.settings.get``.

    Raises:
        RegistryError: There is none; the message lists those there are.
    """
    return open_store(get("STORE"), get("STORE_PATH"), StoreOptions.read(get))
