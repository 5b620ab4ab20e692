"""How work goes: a bar for each item on a terminal, a line for each that ends elsewhere."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from typing import TYPE_CHECKING, Self

from commands.output import console, tell

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

QUIET = ("waiting", "stopped")
"""Ends that are no news."""


class WorkProgress:
    """Shows what a worker is at; its methods may be called from any thread."""

    def __init__(self, *, terminal: bool | None = None) -> None:
        """Prepare.

        Args:
            terminal: Whether to draw bars; by default, if stderr is a terminal.
        """
        self._terminal = sys.stderr.isatty() if terminal is None else terminal
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def step(self, identity: str, step: str, done: float, total: float | None, unit: str) -> None:
        """Show how far a step is."""
        with self._lock:
            if self._bars is None:
                return
            if identity not in self._tasks:
                self._tasks[identity] = self._bars.add_task("", name=identity, step=step, far="")
            far = _amount(done, unit) + (f" / {_amount(total, unit)}" if total else "")
            self._bars.update(
                self._tasks[identity],
                completed=done,
                total=total,
                step=step,
                far=far if done or total else "",
            )

    def step_ended(self, step: str, outcome: str, seconds: float) -> None:
        """Show nothing: the bar goes on to the next step."""

    def ended(self, identity: str, outcome: str) -> None:
        """Take the item's bar away, or write a line."""
        with self._lock:
            self._counts[outcome] += 1
            if self._bars is not None and identity in self._tasks:
                self._bars.remove_task(self._tasks.pop(identity))
            if outcome not in QUIET and self._bars is not None:
                self._bars.console.print(f"{identity}: {outcome}", markup=False, highlight=False)
            elif outcome not in QUIET:
                counts = " · ".join(f"{name} {n}" for name, n in sorted(self._counts.items()))
                tell("work", f"{identity} {outcome} ({counts})")

    def __enter__(self) -> Self:
        if self._terminal:
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            self._bars = Progress(
                TextColumn("{task.fields[name]}", markup=False),
                TextColumn("{task.fields[step]}", markup=False),
                BarColumn(bar_width=20),
                TimeElapsedColumn(),
                TextColumn("{task.fields[far]}", markup=False),
                console=console(stderr=True),
                transient=True,
            )
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars:
            self._bars.stop()


def _amount(number: float | None, unit: str) -> str:
    if unit == "B":
        return f"{(number or 0) / 2**20:.1f} MiB"
    return f"{number or 0:.0f} {unit}"
