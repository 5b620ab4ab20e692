"""How many cores models may use."""

from __future__ import annotations

import os


def cores() -> int:
    """Return how many cores this process may use: in a container often not all of them."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
