"""Article scores as ``evaluate.py`` of scrapinghub/article-extraction-benchmark computes them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import mean

WORD = re.compile(r"\w+")
SHINGLE = 4
"""Words that make one shingle."""


@dataclass(frozen=True)
class Overlap:
    """Shingles that two texts share or only one has, as shares: long texts weigh no more."""

    both: float
    only_found: float
    only_true: float

    @property
    def precision(self) -> float:
        return self._share(self.only_found)

    @property
    def recall(self) -> float:
        return self._share(self.only_true)

    def _share(self, wrong: float) -> float:
        if self.only_found == self.only_true == 0:
            return 1.0
        return self.both / (self.both + wrong) if self.both + wrong else 0.0


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """Count runs of four words; a text of fewer words is one run, an empty one none."""
    words = WORD.findall(text)
    starts = range(max(1, len(words) - SHINGLE + 1))
    return Counter(s for s in (tuple(words[i : i + SHINGLE]) for i in starts) if s)


def overlap(true: str, found: str) -> Overlap:
    a, b = shingles(true), shingles(found)
    counts = [(a & b).total(), (b - a).total(), (a - b).total()]
    whole = sum(counts) or 1
    return Overlap(*(count / whole for count in counts))


def scores(overlaps: Iterable[Overlap]) -> dict[str, float]:
    """Mean precision of the texts found, mean recall of the true texts, and F1 of the two means."""
    pages = list(overlaps)
    precision = mean(o.precision for o in pages if o.both + o.only_found > 0)
    recall = mean(o.recall for o in pages if o.both + o.only_true > 0)
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall),
    }
