"""A crawl's tree as a picture: a column a depth, in it the hosts, each under what led to it."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

from storage.branch import OTHERS, Branch

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

COLUMN, ROW, MARGIN = 210, 22, 16
"""Width and height of a place, and the room around all, in the picture's own units."""
LARGEST = 9.0
"""Radius of the dot of the largest branch."""
DEPTHS = 8
"""Columns at most; what is deeper counts with the last one."""
NODES = 10
"""Dots of a column at most: the largest branches, the others together."""
LETTERS = 22
"""Of a name that are written."""
Key = tuple[str, int, str]


@dataclass(slots=True, kw_only=True)
class Dot:
    """One branch, or several that are counted together."""

    branch: Branch
    number: int = 1
    """Branches that it stands for."""
    x: float = 0.0
    y: float = 0.0
    radius: float = 0.0
    above: Dot | None = None

    @property
    def name(self) -> str:
        """What is written beside it: the seed at the first level, then the host."""
        full = self.branch.seed if self.branch.depth == 0 else self.branch.host
        return full if len(full) <= LETTERS else full[: LETTERS - 1] + "…"

    @property
    def inner(self) -> float:
        """Radius of the part that was wanted: all of it, where nothing was judged."""
        judged = self.branch.wanted + self.branch.off_topic
        share = self.branch.wanted / judged if judged else float(not self.branch.is_off_topic)
        return round(self.radius * sqrt(share), 1)

    @property
    def line(self) -> str:
        """``d`` of the way from what led here; empty at the first level."""
        if self.above is None:
            return ""
        x, y, middle = self.above.x, self.above.y, (self.above.x + self.x) / 2
        bends = f"{middle:.0f} {y:.0f} {middle:.0f} {self.y:.0f} {self.x:.0f} {self.y:.0f}"
        return f"M{x:.0f} {y:.0f}C{bends}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """All dots, and the room they take."""

    dots: list[Dot]
    width: int
    height: int


def tree(branches: Iterable[Branch]) -> Tree:
    """Return the picture of a crawl's branches: ``DEPTHS`` × ``NODES`` dots at most."""
    columns = _columns(branches)
    most = max((dot.branch.pages for column in columns for dot in column), default=0)
    known: dict[Key, Dot] = {}
    for depth, column in enumerate(columns):
        for dot in column:
            dot.above = _above(dot.branch, known, columns[depth - 1]) if depth else None
        column.sort(key=lambda d: (d.above.y if d.above else 0, -d.branch.pages, d.branch.host))
        for row, dot in enumerate(column):
            dot.x, dot.y = MARGIN + depth * COLUMN, MARGIN + row * ROW
            dot.radius = round(2 + (LARGEST - 2) * sqrt(dot.branch.pages / max(most, 1)), 1)
            known[dot.branch.seed, depth, dot.branch.host] = dot
    rows = max((len(column) for column in columns), default=0)
    return Tree(
        dots=[dot for column in columns for dot in column],
        width=2 * MARGIN + len(columns) * COLUMN, height=2 * MARGIN + max(rows - 1, 0) * ROW,
    )  # fmt: skip


def _columns(branches: Iterable[Branch]) -> list[list[Dot]]:
    """Return the dots by depth; a depth without pages ends the picture."""
    by_depth: dict[int, list[Branch]] = {}
    for branch in branches:
        by_depth.setdefault(min(branch.depth, DEPTHS - 1), []).append(branch)
    columns = []
    for depth in range(DEPTHS):
        found = sorted(by_depth.get(depth, []), key=lambda b: (-b.pages - b.pruned, b.host))
        if not found:
            break
        shown = found if len(found) <= NODES else found[: NODES - 1]
        column = [Dot(branch=branch) for branch in shown]
        if rest := found[len(shown) :]:
            column.append(Dot(branch=_together(rest, depth), number=len(rest)))
        columns.append(column)
    return columns


def _together(rest: Sequence[Branch], depth: int) -> Branch:
    return Branch(
        seed=OTHERS, depth=depth, host=OTHERS,
        pages=sum(b.pages for b in rest), wanted=sum(b.wanted for b in rest),
        off_topic=sum(b.off_topic for b in rest), pruned=sum(b.pruned for b in rest),
    )  # fmt: skip


def _above(branch: Branch, known: dict[Key, Dot], column: Sequence[Dot]) -> Dot | None:
    """Return what led here: the page's host, else its seed's largest, or any other."""
    depth = min(branch.depth, DEPTHS - 1) - 1
    for host in (branch.above, branch.host):
        if dot := known.get((branch.seed, depth, host)):
            return dot
    own = [dot for dot in column if dot.branch.seed == branch.seed]
    others = [dot for dot in column if dot.branch.host == OTHERS]
    return next(iter([*own, *others, *column]), None)
