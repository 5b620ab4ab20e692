"""``gleanery settings``: everything that can be set, and what it is set to."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.output import AsJson, print_json, print_table


def settings(
    as_json: AsJson = False,
    markdown: Annotated[bool, typer.Option(help="Print docs/settings.md, defaults only.")] = False,
) -> None:
    """List every setting, its value and its meaning (설정 목록); secrets are masked."""
    from gleanery.config import load_config
    from gleanery.settings_list import settings_in_force

    if markdown:
        typer.echo(settings_page(), nl=False)
        return
    rows = settings_in_force(load_config())
    if as_json:
        print_json(rows)
    else:
        print_table(
            "Settings / 설정",
            ("variable / 변수", "value / 값", "origin / 출처", "meaning / 뜻"),
            ((r["variable"], r["value"], r["origin"], r["meaning"]) for r in rows),
        )


def settings_page() -> str:
    """Return ``docs/settings.md``."""
    from gleanery.settings_list import all_settings

    lines = [
        f"| `{r['variable']}` | {_code(r['default'])} | {r['meaning']} |" for r in all_settings()
    ]
    return _HEAD + "\n".join(lines) + "\n"


_HEAD = """# Settings

Written by `gleanery settings --markdown`; `gleanery settings` shows what is in force.
Each is an environment variable, and a Scrapy setting of the same name without `GLEANERY_`:
`scrapy crawl … -s FOCUS_PATIENCE=3`. An unknown `GLEANERY_*` name stops every command, since it is
most likely a typo. Any setting of Scrapy's own can be given with `-s` as usual.

| variable | default | meaning |
|---|---|---|
"""


def _code(text: str) -> str:
    return f"`{text}`" if text else ""
