"""``gleanery report``: one self-contained HTML page about everything collected."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import AsJson, print_json, say

if TYPE_CHECKING:
    from gleanery.config import Config

TEMPLATE = "report.html.j2"


def report(
    *,
    out: Annotated[
        Path | None, typer.Option(help="File to write; default HOME/report.html.")
    ] = None,
    newest: Annotated[int, typer.Option(min=0, max=10_000, help="Newest titles listed.")] = 60,
    as_json: AsJson = False,
) -> None:
    """Write an HTML report (HTML 보고서 작성)."""
    from gleanery.config import load_config

    config = load_config()
    path = out or config.home / "report.html"
    total = write_report(config, path, newest=newest)
    if as_json:
        print_json({"report": str(path), "items": total, "bytes": path.stat().st_size})
    else:
        say(f"Report of {total} items (보고서): {path}")


def write_report(config: Config, path: Path, *, newest: int = 60) -> int:
    """Write the report to ``path``; return how many items it is about.

    Raises:
        StoreError: There is nothing to report, or the store is away.
        ConfigError: The file cannot be written.
    """
    from commands.opened import opened_store
    from commands.page import write_page
    from commands.report_data import gather

    with opened_store(config) as store:
        data = gather(store, newest=newest, classified_kinds=config.classify_kinds)
    write_page(TEMPLATE, path, data=data)
    return data.total
