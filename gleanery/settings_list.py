"""Every setting: what it means, what it is, and where its value comes from."""

from __future__ import annotations

import json
from typing import Any

from gleanery.config import Config
from gleanery.fields.base import PREFIX
from gleanery.meanings import meanings


def all_settings() -> list[dict[str, str]]:
    """Return ``field``, ``variable``, ``default`` and ``meaning`` of every setting."""
    said = meanings(Config)
    return [
        {
            "field": name,
            "variable": f"{PREFIX}{name.upper()}",
            "default": _plain(field.default),
            "meaning": " ".join(said.get(name, "").split()).replace("``", "`"),
        }
        for name, field in Config.model_fields.items()
    ]


def settings_in_force(config: Config) -> list[dict[str, str]]:
    """Return the same with ``value``, a secret as ``***`` if it is set, and ``origin``.

    The origin is ``environment`` or ``default``.
    """
    return [
        row
        | {
            "value": _plain(getattr(config, row["field"])),
            "origin": "environment" if row["field"] in config.model_fields_set else "default",
        }
        for row in all_settings()
    ]


def _plain(value: Any) -> str:
    """Write a value as it would stand in the environment."""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value).replace("**********", "***")
