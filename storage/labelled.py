"""What models and people call items, and how often a person corrects a model."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from items.annotation import PERSON
from storage.scanned import Scanned

if TYPE_CHECKING:
    from storage.store import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A category that one model, or a person, gave an item."""

    tool: str
    """``person`` for a person's."""
    engine: str
    """Engine; of a person's label who it was."""
    version: str
    category: str
    subcategory: str | None
    score: float | None
    """Confidence in [0, 1]."""
    at: str
    """ISO 8601."""

    @property
    def by_person(self) -> bool:
        """Whether it overrides what models say."""
        return self.tool == PERSON


@dataclass(slots=True, kw_only=True)
class ModelLabels:
    """What one version of a model called items."""

    tool: str
    engine: str
    version: str
    labels: int = 0
    mean_score: float | None = None
    """Of those labels that have a score."""
    confirmed: int = 0
    """Labels of items that a person called the same."""
    corrected: int = 0
    """Labels of items that a person called otherwise."""


def labels_of(row: Row) -> list[Label]:
    """Return the labels among an item's annotations: answers that name a category."""
    return [
        Label(
            tool=a["tool"],
            engine=a["engine"],
            version=a["version"],
            category=a["value"]["category"],
            subcategory=_text(a["value"].get("subcategory")),
            score=_number(a["score"]),
            at=a["created_at"],
        )
        for a in row["annotations"]
        if isinstance(a["value"], dict) and _text(a["value"].get("category"))
    ]


class Labelled(Scanned):
    """This part of :class:`storage.Store`."""

    def model_labels(self) -> list[ModelLabels]:
        """Count labels by model, most first; people's own are what models are held against.

        A store without a table of labels reads every item.

        Raises:
            StoreError: It is away.
        """
        counts: dict[tuple[str, str, str], ModelLabels] = {}
        scores: defaultdict[tuple[str, str, str], list[float]] = defaultdict(list)
        for row in self.scan():
            labels = labels_of(row)
            person = next((one.category for one in labels if one.by_person), None)
            for one in labels:
                if one.by_person:
                    continue
                key = (one.tool, one.engine, one.version)
                count = counts.setdefault(
                    key, ModelLabels(tool=one.tool, engine=one.engine, version=one.version)
                )
                count.labels += 1
                count.confirmed += person == one.category
                count.corrected += person not in (None, one.category)
                scores[key] += [] if one.score is None else [one.score]
        for key, several in scores.items():
            counts[key].mean_score = sum(several) / len(several) if several else None
        return in_order(counts.values())


def in_order(counts: Any) -> list[ModelLabels]:
    """Return ``counts``, most labels first."""
    return sorted(counts, key=lambda m: (-m.labels, m.tool, m.engine, m.version))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: Any) -> float | None:
    known = isinstance(value, int | float) and isfinite(value)
    return float(value) if known else None
