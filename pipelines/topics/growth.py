"""Whether more is said of something than before, beyond chance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

BASELINE = 3
"""The days before the recent ones that they are compared with, in multiples of these."""
SPANS = 24
SMOOTHING = 0.5
"""Added to both counts: nothing before is not an infinite growth."""
PLATFORM = 0.25
"""What each further platform adds to the heat, as a share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Of one topic."""

    ratio: float
    z: float


def growth(recent: int, before: int, all_recent: int, all_before: int) -> Growth:
    """Compare two Poisson counts, each as a share of all items of its time.

    Given their sum, the recent count is binomial if the rates are the same (Przyborowski &
    Wilenski, "Homogeneity of Results in Testing Samples from Poisson Series", Biometrika 31, 1940);
    ``z`` is the normal approximation of that test. More of everything is no growth.

    Args:
        recent: Texts of the topic in the recent days.
        before: Those in the days before.
        all_recent: All texts of the recent days.
        all_before: All texts of the days before.
    """
    scale = (all_recent + SMOOTHING) / (all_before + SMOOTHING)
    expected = scale * (before + SMOOTHING)
    ratio = (recent + SMOOTHING) / expected
    spread = math.sqrt(scale * (recent + before + 2 * SMOOTHING))
    return Growth(ratio=ratio, z=(recent + SMOOTHING - expected) / spread)


def heat(z: float, platforms: int, engagement: float) -> float:
    """Return what topics are sorted by: growth beyond chance, wider and livelier ones first."""
    return max(0.0, z) * (1 + PLATFORM * (platforms - 1)) * (1 + engagement)


def counts(instants: Sequence[datetime], start: datetime, end: datetime) -> list[int]:
    """Return how many instants lie in each of ``SPANS`` equal spans between the two."""
    found = [0] * SPANS
    span = (end - start) / SPANS or timedelta(seconds=1)
    for instant in instants:
        found[min(max(int((instant - start) / span), 0), SPANS - 1)] += 1
    return found
