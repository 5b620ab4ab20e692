"""What a search provider does: say what to ask, read what comes back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from gleanery.errors import (
    ConfigError,
    CredentialError,
    ExtractionError,
    PlatformError,
    PlatformUnavailableError,
)
from gleanery.foreign_json import read_foreign
from gleanery.urls import canonical_url
from items.clock import from_iso, to_iso

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(slots=True, kw_only=True, frozen=True)
class Search:
    """What is looked for."""

    kind: str
    """Kind of seed: ``query``, ``topic``, ``top``, ``feed``, ``sitemap`` or ``urls``."""

    value: str
    """The words, the topic, the address or the file."""

    limit: int = 100
    """Results wanted at most."""

    language: str | None = None
    """BCP 47 tag, e.g. ``ko`` or ``pt-BR``; ``None`` = not asked for."""

    country: str | None = None
    """ISO 3166-1 code in upper case, e.g. ``KR``; ``None`` = not asked for."""


@dataclass(slots=True, kw_only=True)
class Result:
    """One page that a provider points to, and what the provider says of it."""

    url: str
    """Absolute http(s) address."""

    title: str = ""
    """Plain text; empty if not stated."""

    published_at: datetime | None = None
    """Aware, UTC."""

    site: str | None = None
    """Name of the publisher."""

    token: str | None = None
    """Set where ``url`` hides the publisher's address: what Google News has to decode."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON: queues of requests keep nothing else."""
        return asdict(self) | {"published_at": to_iso(self.published_at)}

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> Result:
        """Read what :meth:`to_dict` wrote."""
        return cls(**row | {"published_at": from_iso(row["published_at"])})


@dataclass(slots=True, kw_only=True)
class Listing:
    """One answer."""

    results: list[Result] = field(default_factory=list)
    """In the provider's order."""

    more: list[str] = field(default_factory=list)
    """Addresses of further listings: the next page, or the sitemaps of an index."""

    problem: str = ""
    """Why some of the answer could not be read; empty if all of it was."""


class SearchProvider(ABC):
    """Builds addresses and reads answers; the spider does the requests."""

    name: ClassVar[str]
    """Key in ``-a provider=`` and in the registry."""

    kinds: ClassVar[tuple[str, ...]]
    """Kinds of seed it answers."""

    obeys_robots: ClassVar[bool] = True
    """Whether robots.txt speaks of its addresses; an API is no page."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Take the settings of ``gleanery.config`` under their upper-case names."""
        self.settings = settings

    def check(self, search: Search) -> None:  # noqa: B027 - most need nothing
        """Check what ``search`` needs before anything is fetched.

        Raises:
            CredentialError: A key or a switch is missing; the message says which.
            ConfigError: What is looked for makes no sense, e.g. is no address.
        """

    @abstractmethod
    def start(self, search: Search) -> Listing:
        """Return what is known without a request: as a rule just the first address, in ``more``."""

    def read(self, body: bytes, url: str, search: Search, *, content_type: str = "") -> Listing:
        """Read an answer.

        Raises:
            ExtractionError: It is not what this provider promises.
        """
        raise NotImplementedError(f"{self.name} asks nothing over the network")

    def refusal(self, status: int, body: bytes) -> PlatformError:
        """Say what an answer other than 2xx means.

        Returns:
            ``CredentialError`` if asking on is useless until a person acts,
            ``PlatformUnavailableError`` if it may work later, else a plain ``PlatformError``.
        """
        if status == 401:
            return CredentialError(f"{self.name}: access refused (HTTP 401)")
        if status == 429:
            return PlatformUnavailableError(f"{self.name}: too many requests (HTTP 429), try later")
        if status >= 500:
            return PlatformUnavailableError(f"{self.name}: the server failed (HTTP {status})")
        return PlatformError(f"{self.name}: HTTP {status}")


def check_address(text: str, where: str) -> None:
    """Check that ``text`` can be fetched.

    Raises:
        ConfigError: It is no absolute http(s) address.
    """
    try:
        canonical_url(text)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}; write e.g. https://example.org/page") from error


def read_json(body: bytes, who: str) -> dict[str, Any]:
    """Parse a JSON object.

    Raises:
        ExtractionError: It is malformed, cut off, or no object.
    """
    try:
        data = read_foreign(body)
    except (ValueError, RecursionError) as error:
        raise ExtractionError(
            f"{who}: the answer of {len(body)} bytes is not JSON, or was cut off"
        ) from error
    if not isinstance(data, dict):
        raise ExtractionError(f"{who}: expected a JSON object, got {type(data).__name__}")
    return data


def rows_of(data: object, name: str) -> list[dict[str, Any]]:
    """Return the objects in the list ``data[name]``; what is none of that is left out."""
    rows = data.get(name) if isinstance(data, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def is_on(value: object) -> bool:
    """Read a switch, whether it came from the environment (bool) or from ``-s NAME=…`` (text)."""
    return str(value).strip().lower() in ("1", "true", "yes", "on")
