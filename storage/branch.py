"""Parts of a crawl: what was fetched of one host, at one depth, on the way from one seed."""

from __future__ import annotations

from dataclasses import dataclass

OTHERS = "…"
"""Name of what is counted together since there is too much of it."""


@dataclass(slots=True, kw_only=True)
class Branch:
    """Pages of a host at a depth below a seed."""

    seed: str
    """Its label, or ``OTHERS``."""
    depth: int
    host: str
    """Lower case, or ``OTHERS``."""
    above: str = ""
    """Host of the page that first led here, one level up; empty = nobody knows."""
    pages: int = 0
    wanted: int = 0
    """Items of the category wanted."""
    off_topic: int = 0
    """Items of another one."""
    pruned: int = 0
    """Requests that were set aside, since nothing wanted came of what is above them."""

    @property
    def is_off_topic(self) -> bool:
        """Whether there was something to judge, and nothing of it was wanted."""
        return not self.wanted and bool(self.off_topic or self.pruned)
