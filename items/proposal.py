"""A category that a model would add, until a person decides."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, Self, get_args

from gleanery.errors import ConfigError
from items.clock import from_iso, to_iso, utc_now
from items.taxonomy import Category, Subcategory, Taxonomy

Status = Literal["pending", "accepted", "rejected"]
STATUSES: tuple[Status, ...] = get_args(Status)
KEY = re.compile(r"[a-z][a-z0-9_]{1,39}")


@dataclass(slots=True, kw_only=True)
class Proposal:
    """One category, or one part of a category, with what speaks for it."""

    key: str
    """Proposed key: lower-case letters, digits, underscores."""

    parent: str | None
    """Category it would be a part of; ``None`` = it would be a category itself."""

    name_ko: str
    name_en: str
    description_ko: str
    """One line: what belongs there; the default engine would compare documents with it."""
    description_en: str

    evidence: list[str] = field(default_factory=list)
    """Identities of the items that made a model propose it."""

    engine: str
    """Engine that proposed it first."""

    version: str
    """Version of that engine, its prompt and its taxonomy."""

    status: Status = "pending"
    proposed_at: datetime = field(default_factory=utc_now)
    decided_at: datetime | None = None

    @property
    def identity(self) -> str:
        """``parent/key``, or ``key`` for a category."""
        return f"{self.parent}/{self.key}" if self.parent else self.key

    def forget(self, identities: Iterable[str]) -> bool:
        """Take items out of the evidence; return whether one of them was in it."""
        gone = set(identities)
        left = [identity for identity in self.evidence if identity not in gone]
        found, self.evidence = len(left) < len(self.evidence), left
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        instants = {"proposed_at": to_iso(self.proposed_at), "decided_at": to_iso(self.decided_at)}
        return asdict(self) | instants

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> Self:
        """Read what :meth:`to_dict` wrote."""
        instants = {name: from_iso(row[name]) for name in ("proposed_at", "decided_at")}
        return cls(**row | instants)


def accept(proposal: Proposal, taxonomy: Taxonomy) -> Taxonomy:
    """Return ``taxonomy`` with what ``proposal`` would add, as the next version.

    Raises:
        ConfigError: It has no place there: its key is malformed or taken, its parent is missing, or
            a name or a description is empty.
    """
    _check(proposal, taxonomy)
    words = {
        name: getattr(proposal, name)
        for name in ("key", "name_ko", "name_en", "description_ko", "description_en")
    }
    if proposal.parent is None:
        categories = (*taxonomy.categories, Category(**words, subcategories=()))
    else:
        categories = tuple(
            replace(c, subcategories=(*c.subcategories, Subcategory(**words)))
            if c.key == proposal.parent
            else c
            for c in taxonomy.categories
        )
    return Taxonomy(version=_next(taxonomy.version), categories=categories)


def _check(proposal: Proposal, taxonomy: Taxonomy) -> None:
    if not KEY.fullmatch(proposal.key):
        raise ConfigError(f"{proposal.key!r} is no key: use a-z, 0-9 and underscores")
    if proposal.parent is not None and proposal.parent not in taxonomy.keys:
        raise ConfigError(f"no category {proposal.parent!r} in the taxonomy")
    inside = taxonomy[proposal.parent].subcategories if proposal.parent else taxonomy.categories
    if proposal.key in {entry.key for entry in inside}:
        raise ConfigError(f"{proposal.identity} is in the taxonomy already")
    words = ("name_ko", "name_en", "description_ko", "description_en")
    if empty := [name for name in words if not getattr(proposal, name).strip()]:
        raise ConfigError(f"{proposal.identity}: {', '.join(empty)} is empty")


def _next(version: str) -> str:
    """Return ``version`` with its last number one higher; ``.1`` is added where there is none."""
    head, number = re.fullmatch(r"(.*?)(\d*)", version, re.DOTALL).groups()  # type: ignore[union-attr]
    return f"{head}{int(number) + 1}" if number else f"{version}.1"
