"""``gleanery settings``: everything that can be set, and what it is set to."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from commands.output import AsJson, print_json, print_table


def settings(
    as_json: AsJson = False,
    markdown: Annotated[bool, typer.Option(help="Print docs/settings.md, defaults only.")] = False,
) -> None:
    """List every setting, its value and its meaning (설정 목록); secrets are masked."""
    from gleanery.config import load_config

    if markdown:
        typer.echo(settings_page(), nl=False)
        return
    rows = [row | {"value": _plain(getattr(load_config(), row["field"]))} for row in _rows()]
    if as_json:
        print_json(rows)
    else:
        print_table(
            "Settings / 설정",
            ("variable / 변수", "value / 값", "meaning / 뜻"),
            ((r["variable"], r["value"], r["meaning"]) for r in rows),
        )


def settings_page() -> str:
    """Return ``docs/settings.md``."""
    lines = [f"| `{r['variable']}` | {_code(r['default'])} | {r['meaning']} |" for r in _rows()]
    return _HEAD + "\n".join(lines) + "\n"


_HEAD = """# Settings

Written by `gleanery settings --markdown`; `gleanery settings` shows what is in force.
Each is an environment variable, and a Scrapy setting of the same name without `GLEANERY_`:
`scrapy crawl … -s FOCUS_PATIENCE=3`. An unknown `GLEANERY_*` name stops every command, since it is
most likely a typo. Any setting of Scrapy's own can be given with `-s` as usual.

| variable | default | meaning |
|---|---|---|
"""


def _rows() -> list[dict[str, Any]]:
    from gleanery.config import Config
    from gleanery.fields.base import PREFIX

    return [
        {
            "field": name,
            "variable": f"{PREFIX}{name.upper()}",
            "default": _plain(field.default),
            "meaning": " ".join((field.description or "").split()).replace("``", "`"),
        }
        for name, field in Config.model_fields.items()
    ]


def _plain(value: Any) -> str:
    """Write a value as it would stand in the environment; a secret as ``***`` if it is set."""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value).replace("**********", "***")


def _code(text: str) -> str:
    return f"`{text}`" if text else ""
