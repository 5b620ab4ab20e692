"""What the scheduler needs of a queue, whichever program keeps it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence


@dataclass(slots=True, kw_only=True)
class Push:
    """A request on its way into the queue."""

    fingerprint: bytes
    """Scrapy's request fingerprint; its first 63 bits identify the request."""
    depth: int
    host: str
    """What politeness counts by: a host name, or an API's client id."""
    body: bytes
    path: Sequence[str] = ()
    """Nodes from the seed down, for pruning."""
    known: bool = False
    """Queue it although its fingerprint was seen (``dont_filter``)."""


@dataclass(slots=True, kw_only=True)
class Lease:
    """A request on loan to a worker, until it is acknowledged or the worker stops beating."""

    id: str
    depth: int
    host: str
    attempts: int
    """How many workers died over it."""
    body: bytes


@dataclass(slots=True, kw_only=True)
class HostRule:
    """Politeness learnt on the way: a Crawl-delay, a Retry-After, an API's limit."""

    host: str
    delay_ms: int = -1
    """Time between two requests from now on; -1 = as before."""
    not_before_ms: int = 0
    """Time from now in which nothing may be sent."""


@dataclass(slots=True, kw_only=True)
class Outbox:
    """What a worker tells the queue in one exchange."""

    ended: list[tuple[str, str]] = field(default_factory=list)
    """Lease ids with ``done``, ``back`` (untried), ``fail`` (try again) or ``dead``."""
    pushes: list[Push] = field(default_factory=list)
    """Requests found."""
    hosts: list[HostRule] = field(default_factory=list)
    """Politeness learnt."""
    pruned: list[str] = field(default_factory=list)
    """Nodes: every request, queued now or later, whose path holds one of them is set aside."""
    items: int = 0
    """Items stored since the last exchange, for the budget."""
    size: int = 0
    """Bytes fetched since the last exchange, for the budget."""
    parents: set[str] = field(default_factory=set)
    """Of the leases that ended, those whose children are among ``pushes``."""
    orphans: int = 0
    """Of ``pushes``, those whose parent is not known, and may be any of ``ended``."""

    def is_empty(self) -> bool:
        """Whether there is nothing to tell; counters alone can wait."""
        return not (self.ended or self.pushes or self.hosts or self.pruned)

    def light(self) -> list[tuple[str, str]]:
        """Return those of ``ended`` that leave nothing behind which must be stored with them."""
        return [] if self.orphans else [row for row in self.ended if row[0] not in self.parents]


@dataclass(slots=True, kw_only=True, frozen=True)
class Rules:
    """What all exchanges of a worker have in common."""

    lease_seconds: float = 12.0
    """Silence after which a worker counts as dead."""
    max_attempts: int = 5
    """Failures (its worker died, its items were not stored) after which a request is parked."""
    delay_ms: int = 0
    """Time between two requests to one host, over all workers."""
    concurrency: int = 0
    """Requests to one host on loan at once, over all workers; 0 = no limit."""
    share: int = 0
    """Requests of one host that a worker has not fetched yet, at most; 0 = no limit.

    Of a host that no worker is done with a request of, it gets one.
    """
    strict: bool = True
    """Keep a barrier between levels (exact breadth-first)."""
    renew: bool = False
    """Begin a crawl anew that had come to its end, and forget it when it does.

    A worker that comes too late then does all again: switch it off where they are many.
    """

    @property
    def lease_ms(self) -> int:
        """``lease_seconds`` in ms."""
        return int(self.lease_seconds * 1000)


@dataclass(slots=True, kw_only=True, frozen=True)
class Budget:
    """What all workers of a crawl together may use up; 0 = no limit."""

    max_pages: int = 0
    max_items: int = 0
    max_bytes: int = 0
    max_seconds: float = 0.0


@dataclass(slots=True, kw_only=True, frozen=True)
class Speed:
    """How fast a crawl may go; changed while it runs."""

    pages_per_minute: int = 0
    """Requests leased a minute at most, over all workers; 0 = no limit."""
    concurrency: int = 0
    """Requests at once of each worker, in place of ``CONCURRENT_REQUESTS``; 0 = as it says.

    Those of one host change in the same proportion.
    """
    delay_ms: int = -1
    """Time between two requests to a host, in place of ``DOWNLOAD_DELAY``; -1 = as it says.

    A host that was found to ask for a longer one keeps it.
    """


@dataclass(slots=True, kw_only=True)
class Answer:
    """What an exchange brought."""

    leases: list[Lease] = field(default_factory=list)
    queued: int = 0
    in_flight: int = 0
    free_in_ms: int = -1
    """Time until the next host may be asked; -1 if none waits for that."""
    state: str = "running"
    """``running``, ``paused``, or the budget that is spent: ``max_pages``, ``max_items`` …"""
    speed: Speed = field(default_factory=Speed)

    @property
    def complete(self) -> bool:
        """Whether nothing is queued or under way in any worker."""
        return not self.queued and not self.in_flight


class FrontierQueue(ABC):
    """One crawl's queue, as one worker sees it; ``tests/contracts`` holds what each must keep."""

    worker: str
    """Name of this worker, unique among those alive."""
    rules: Rules

    @abstractmethod
    async def open(self, budget: Budget | None = None) -> bool:
        """Join the crawl, or begin it; return whether it is new.

        Args:
            budget: Takes the place of the crawl's budget; ``None`` leaves it as it is. Its time
                runs from the crawl's beginning.

        Raises:
            FrontierUnavailableError: The queue does not answer.
        """

    @abstractmethod
    async def exchange(
        self,
        outbox: Outbox | None = None,
        *,
        want: int = 0,
        want_now: int = 0,
        rooms: Mapping[str, int] | None = None,
    ) -> Answer:
        """End requests, add requests, lease up to ``want``: in one step, all or nothing.

        Args:
            outbox: What this worker has to tell; ``None`` = nothing.
            want: Requests wanted at most.
            want_now: Of these, how many could start at once: only so many come from hosts that
                have a delay.
            rooms: How many it takes of single hosts; ``Rules.share`` says it of all others. As
                many as hold a request of this worker: every exchange reads them all.

        Raises:
            FrontierUnavailableError: No answer; nothing happened, or all of it did. Repeat the
                same call, which is applied once, then :meth:`recover` what its answer held.
            FrontierFullError: Nothing happened, since nothing new can be stored; see
                :meth:`relieve`.
            FrontierGoneError: The crawl is no longer in the queue.
        """

    async def relieve(self, ended: Sequence[tuple[str, str]]) -> bool:
        """End requests although nothing new can be stored; this frees what they take up.

        Only those of :meth:`Outbox.light`: children must be stored in the step that ends their
        parent. Repeating it is harmless.

        Returns:
            Whether this queue can do that; if not, nothing happened.

        Raises:
            FrontierUnavailableError: No answer.
        """
        return False

    @abstractmethod
    async def recover(self, held: Container[str]) -> list[Lease]:
        """Return the leases of this worker that it does not know of: their answer was lost.

        Args:
            held: Ids of the leases that it holds.

        Raises:
            FrontierUnavailableError: The queue is away again.
        """

    @abstractmethod
    async def leave(self, *, ended: bool = False) -> None:
        """Take this worker off the list; its leases must have ended before.

        Args:
            ended: The crawl did what it was asked. One that nobody named is forgotten when its
                last worker leaves so; if it has dead letters, when it is begun anew.
        """

    @abstractmethod
    async def close(self) -> None:
        """Let go of connections and files; what is queued and leased stays as it is."""
