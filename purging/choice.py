"""Which items are to be purged, as the operator names them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from gleanery.errors import ConfigError
from storage.tombstones import author_mark, mark_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.store import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Items by identity, by author, by platform; comments below them come with them."""

    identities: tuple[str, ...] = ()
    authors: tuple[tuple[str, str], ...] = ()
    """Platform and name there."""
    platforms: tuple[str, ...] = ()

    @classmethod
    def parse(
        cls, identities: Sequence[str], authors: Sequence[str], platforms: Sequence[str]
    ) -> Self:
        """Read arguments.

        Raises:
            ConfigError: Nothing is named, or an identity or an author lacks its platform.
        """
        if not (identities or authors or platforms):
            raise ConfigError(
                "Name items, --author, --platform or --deleted-at-source (삭제할 것을 지정하세요)."
            )
        pairs = []
        for text in authors:
            platform, _, name = text.partition(":")
            if not platform or not name:
                raise ConfigError(f"--author {text!r}: write PLATFORM:NAME, e.g. reddit:somebody")
            pairs.append((platform, name))
        if wrong := [identity for identity in identities if ":" not in identity]:
            raise ConfigError(f"{wrong[0]!r} is no identity: write PLATFORM:ID, e.g. reddit:t3_abc")
        return cls(identities=tuple(identities), authors=tuple(pairs), platforms=tuple(platforms))

    def takes(self, row: Row) -> bool:
        """Whether an item is chosen by author or by platform."""
        return row["platform"] in self.platforms or (row["platform"], row["author"]) in self.authors

    def with_identities(self, more: Sequence[str]) -> Self:
        """Return this choice with more identities."""
        return replace(self, identities=tuple(dict.fromkeys([*self.identities, *more])))

    @property
    def empty(self) -> bool:
        """Whether nothing is chosen, e.g. since nothing was deleted at its source."""
        return not (self.identities or self.authors or self.platforms)

    def author_marks(self) -> list[str]:
        """Return the tombstones of the authors."""
        return [author_mark(platform, name) for platform, name in self.authors]

    def marks(self) -> list[str]:
        """Return the tombstones of all that is named, but for platforms, which get none."""
        return [*(mark_of(identity) for identity in self.identities), *self.author_marks()]
