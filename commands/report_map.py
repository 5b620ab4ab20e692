"""The report's map: one dot per item, seeds in the middle, each depth a ring further out.

Dots stand where a sunflower has its seeds (Vogel, 1979, doi:10.1016/0025-5564(79)90080-4): the n-th
at n golden angles and a radius of sqrt(n), which fills the disc evenly in the order of the crawl.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby

GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))
MAX_DOTS = 1500
"""A larger store is thinned out: every k-th item stands for its neighbours."""
RADIUS = 100.0
"""Of the disc, in units of the drawing."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Spot:
    """An item that gets a dot; sorted as the dots are laid."""

    depth: int
    platform: str
    minor: bool
    """A comment or an author: drawn small."""
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """A spot in its place."""

    x: float
    y: float
    radius: float
    spot: Spot


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """Where a depth ends."""

    depth: int
    radius: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """All dots and rings; coordinates in [-RADIUS, RADIUS]."""

    dots: list[Dot]
    rings: list[Ring]
    items_per_dot: int


def lay_out(spots: list[Spot], *, items_per_dot: int) -> Map:
    """Place ``spots`` from the middle outwards."""
    ordered = sorted(spots)
    scale = RADIUS / math.sqrt(max(len(ordered), 1))
    dots = [_dot(number, spot, scale) for number, spot in enumerate(ordered)]
    rings, end = [], 0
    for depth, group in groupby(ordered, key=lambda spot: spot.depth):
        end += len(list(group))
        rings.append(Ring(depth=depth, radius=round(scale * math.sqrt(end), 2)))
    return Map(dots=dots, rings=rings, items_per_dot=items_per_dot)


def _dot(number: int, spot: Spot, scale: float) -> Dot:
    reach, angle = scale * math.sqrt(number + 0.5), number * GOLDEN_ANGLE
    return Dot(
        x=round(reach * math.cos(angle), 2),
        y=round(reach * math.sin(angle), 2),
        radius=round(scale * (0.45 if spot.minor else 0.72), 2),
        spot=spot,
    )
