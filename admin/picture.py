"""A crawl's levels as a picture: one row a depth, as wide as it has requests, parted by state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlers.frontier.report import DepthCounts

WIDTH = 600
"""Of the fullest level, in the picture's own units."""
SHOWN = 40
"""Levels drawn, at most; the table below the picture has all."""
STATES = ("done", "in_flight", "queued", "dead", "pruned")
"""From left to right; what was pruned stands apart from what was not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """The requests of one level that are in one state."""

    state: str
    """One of :data:`STATES`."""
    x: float
    width: float
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One row, centred, so that the levels stand like rings cut open."""

    depth: int
    total: int
    pieces: list[Piece]


def levels(depths: Sequence[DepthCounts]) -> list[Level]:
    """Return the rows of the first ``SHOWN`` levels; empty ones have no pieces."""
    rows = [
        (each.depth, [int(getattr(each, state)) for state in STATES]) for each in depths[:SHOWN]
    ]
    fullest = max((sum(numbers) for _, numbers in rows), default=0)
    return [_level(depth, numbers, fullest) for depth, numbers in rows]


def _level(depth: int, numbers: list[int], fullest: int) -> Level:
    total, pieces = sum(numbers), []
    x = (WIDTH - WIDTH * total / max(fullest, 1)) / 2
    for state, number in zip(STATES, numbers, strict=True):
        if number:
            width = WIDTH * number / fullest
            pieces.append(Piece(state=state, x=round(x, 2), width=round(width, 2), number=number))
            x += width
    return Level(depth=depth, total=total, pieces=pieces)
