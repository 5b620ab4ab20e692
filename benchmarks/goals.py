"""What every benchmark prints."""

from __future__ import annotations

import json
import operator
import sys
from dataclasses import dataclass

_COMPARE = {">=": operator.ge, "<=": operator.le}


@dataclass(slots=True, frozen=True)
class Goal:
    """A figure and what it should be.

    ``goal`` is written ``">= 0.8"`` or ``"<= 900"``; an empty one is for the record only.
    """

    name: str
    value: float
    goal: str = ""

    @property
    def met(self) -> bool:
        """Whether the figure reaches its goal; a figure without a goal always does."""
        if not self.goal:
            return True
        sign, limit = self.goal.split()
        return bool(_COMPARE[sign](self.value, float(limit)))


def show(goals: list[Goal]) -> None:
    """Print the goals, as JSON when called with ``--json``; exit with 1 if one is not met."""
    rows = [
        {"name": g.name, "value": round(g.value, 3), "goal": g.goal, "met": g.met} for g in goals
    ]
    if "--json" in sys.argv:
        print(json.dumps({"goals": rows}, indent=1))
    else:
        for row in rows:
            mark = "ok " if row["met"] else "NOT"
            print(mark, f"{row['name']:60} {row['value']:>10} {row['goal']}")
    sys.exit(not all(g.met for g in goals))
