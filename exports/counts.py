"""Counts of an export, for its card; they survive a kill with the rest of its state."""

from __future__ import annotations

from collections import Counter
from operator import itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exports.record import Record

COUNTED = ("language", "licence", "label_source", "label_model", "category", "subcategory",
           "platform", "kind")  # fmt: skip
"""Fields whose values are counted, by split ``all``."""
MAX_VALUES = 500
"""Different values of a field that are told apart; licences and models are free text."""
OTHER = "(other)"


class Counts:
    """How often each value of a field was seen."""

    def __init__(self, kept: Mapping[str, Mapping[str, int]] | None = None) -> None:
        self._counts = {name: Counter(values) for name, values in (kept or {}).items()}

    def of(self, name: str) -> Counter[str]:
        """Return the counts of a field: one of ``COUNTED``, ``split``, ``left_out`` or ``has``."""
        if name not in self._counts:
            self._counts[name] = Counter()
        return self._counts[name]

    def add(self, records: Sequence[Record]) -> None:
        """Count some records."""
        for name in COUNTED:
            counts = self.of(name)
            for found, n in Counter(map(itemgetter(name), records)).items():
                value = str(found or "")[:80]
                full = value not in counts and len(counts) >= MAX_VALUES
                counts[OTHER if full else value] += n
        for name in ("transcript", "media_files", "vector"):
            self.of("has")[name] += sum(map(bool, map(itemgetter(name), records)))

    def leave_out(self, why: str) -> None:
        """Count an item of the category that is not exported."""
        self.of("left_out")[why] += 1

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {name: dict(counts) for name, counts in self._counts.items()}
