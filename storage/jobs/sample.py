"""What a job had come to at one moment: a point of its charts."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Self

DEPTHS = 24
"""Shallowest levels of the frontier that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One moment of a job; numbers count from the beginning of its attempt."""

    at: int
    """Seconds since 1970."""
    attempt: int = 1
    pages: int = 0
    items: int = 0
    categories: dict[str, int] = field(default_factory=dict)
    """Items by category."""
    wanted: int = 0
    off_topic: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    """By kind."""
    queues: dict[str, int] = field(default_factory=dict)
    """What waits now: for ``classify`` and ``store`` in this crawl, for ``vectorize`` in all."""
    model_seconds: float = 0.0
    """Waited for the model server's answers, summed over all of them."""
    model_answers: int = 0
    depths: list[tuple[int, int, int, int, int, int]] | None = None
    """Of the crawl: depth, queued, in flight, done, pruned, dead; ``None``: nobody knew."""

    @classmethod
    def read(cls, at: int, facts: str) -> Self:
        """Read a row of the table ``job_samples``."""
        known = {k: v for k, v in json.loads(facts).items() if k in cls.__slots__}
        if known.get("depths") is not None:
            known["depths"] = [tuple(row) for row in known["depths"]]
        return cls(**known | {"at": at})

    def facts(self) -> str:
        """Return it as JSON, without its time and what is empty."""
        values = {k: v for k, v in asdict(self).items() if k != "at" and (v or k == "depths")}
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"))

    def total(self, state: int) -> int | None:
        """Return the requests of one state: 1 = queued … 5 = dead, as in ``depths``."""
        return None if self.depths is None else sum(row[state] for row in self.depths)


def picked(number: int, most: int) -> list[int]:
    """Return ``most`` indexes of ``number`` things at most: evenly, with the first and the last."""
    if number <= most:
        return list(range(number))
    return [round(i * (number - 1) / (most - 1)) for i in range(most)]
