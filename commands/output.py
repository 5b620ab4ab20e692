"""How commands speak: JSON for programs, tables for people."""

from __future__ import annotations

import json
import logging
import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

PIPE_WIDTH = 120
"""Columns where the output goes into a file or a pipe."""
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON. / JSON으로 출력합니다.")]
"""The option every command has."""


def print_json(value: Any) -> None:
    """Write ``value`` to stdout as one JSON document; Hangul readable where stdout is UTF-8."""
    escape = sys.stdout.encoding.lower() not in ("utf-8", "utf8")
    sys.stdout.write(json.dumps(value, ensure_ascii=escape, indent=1, default=str) + "\n")


def say(text: str, *, stderr: bool = False) -> None:
    """Write one line, never folded: paths and commands stay copyable."""
    stream = sys.stderr if stderr else sys.stdout
    stream.write(text + "\n")
    stream.flush()


def tell(name: str, text: str) -> None:
    """Write how a program gets on to stderr: ``name: text``, or as a line of a log in JSON."""
    from gleanery.logs import writes_json

    if writes_json():
        logging.getLogger(f"gleanery.{name}").info("%s", text)
    else:
        sys.stderr.write(f"{name}: {text}\n")


def console(*, stderr: bool = False) -> Console:
    """Return a console that never reads markup or emoji codes out of what people wrote."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else PIPE_WIDTH
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False, width=width)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table to stdout.

    A column whose name starts with ``#`` holds numbers, to the right; one that starts with ``=``
    holds keys to copy, never cut; one that ends with ``…`` is cut to fit.

    Text of the outside world stands in cells as it is: control characters are taken out, since a
    title could otherwise move the cursor or recolour the operator's terminal.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    cuts = any(name.endswith("…") for name in columns)
    table = Table(box=box.SIMPLE_HEAD, expand=cuts)
    rows = list(rows)
    for place, name in enumerate(columns):
        cut = name.endswith("…")
        table.add_column(
            name.strip("#=…"),
            min_width=max((len(str(r[place])) for r in rows if name[0] == "="), default=None),
            justify="right" if name.startswith("#") else "left",
            overflow="ellipsis" if cut else "fold",
            no_wrap=cuts,
            ratio=1 if cut else None,  # takes what the others leave
        )
    for row in rows:
        table.add_row(*(Text(printable("" if cell is None else str(cell))) for cell in row))
    out = console()
    out.print(Text(printable(title), style="bold"))  # a table's own title folds to its width
    out.print(table)


def printable(text: str) -> str:
    """Return ``text`` on one line, without control characters (escapes, bidi overrides)."""
    return "".join(c if c.isprintable() else " " for c in text).strip()
