"""A bar for work of known length; silent where stderr is no terminal."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from commands.output import console

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def counting_bar(label: str) -> Iterator[Callable[[int, int | None], None]]:
    """Yield a function of rows done and rows in all (``None``: nobody knows)."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn(label, markup=False), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
