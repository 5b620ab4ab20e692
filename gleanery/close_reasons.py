"""Why spiders close."""

from __future__ import annotations


def did_its_work(reason: str) -> bool:
    """Whether a spider that closed for ``reason`` came to its end or to a limit it was given.

    Else it was stopped, by a person or by a fault, and is to go on where it was.
    """
    return reason == "finished" or (
        reason.startswith(("max_", "closespider_")) and reason != "closespider_errorcount"
    )
