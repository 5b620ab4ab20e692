"""What a back-end of YouTube must do: turn targets into calls, and answers into items."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from items import Item
    from platforms.youtube.target import Target

Order = Literal["relevance", "date", "views", "rating"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is asked for."""

    results: int = 50
    """Videos of one search, channel or playlist, at most."""

    comments: int = 0
    """Comments and replies of one video, at most; 0 = none."""

    order: Order = "relevance"
    """Order of a search's results."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One question to the platform, in plain values, so that it can wait in a queue on disk."""

    kind: str
    """``search``, ``channel``, ``playlist``, ``videos``, ``comments`` or ``replies``."""

    url: str
    """Address; never with a key in it."""

    about: str = ""
    """What the call is for, in log lines: a query, a channel, the ids of videos."""

    options: dict[str, Any] = field(default_factory=dict, hash=False)
    """What the back-end needs to read the answer and to ask on."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Something one level deeper."""

    target: Target
    of: Item | None = None
    """The item that led to it; ``None`` where a listing did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Onward:
    """A call that continues this level."""

    call: Call
    of: Item | None = None
    """The item it completes, e.g. the video whose comments it asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """Something that exists no more, or not for us."""

    about: str
    """Video id, channel or query."""

    reason: str
    """Short key for stats: ``private``, ``age_restricted``, ``paid``, ``not_found`` …"""

    message: str
    """What the platform says."""


@dataclass(slots=True, kw_only=True)
class Answer:
    """What an answer holds."""

    items: list[Item] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    """One level deeper, in the platform's order."""

    onward: list[Onward] = field(default_factory=list)
    """The same level: the next page, comments of these videos."""

    unavailable: list[Unavailable] = field(default_factory=list)


class Backend(ABC):
    """A way to ask YouTube."""

    name: ClassVar[str]

    @abstractmethod
    def calls(self, targets: Sequence[Target], limits: Limits) -> Iterable[Call]:
        """Return what to ask first for ``targets``; one call may ask for several videos."""

    @abstractmethod
    def read(self, call: Call, status: int, body: bytes) -> Answer:
        """Read the answer to ``call``.

        Raises:
            CredentialError: The key is refused, or its quota is spent; a person must act.
            PlatformUnavailableError: No answer now, or the platform asks us to wait.
            ExtractionError: The answer is not what was asked for.
        """
