"""What a store needs to know besides its name."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from gleanery.config import reveal

if TYPE_CHECKING:
    from collections.abc import Callable

_WHOLE = ("store_pool_size", "revisit_patience", "revisit_points")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOptions:
    """Where the servers are and how to talk to them; the embedded store needs none of it.

    Each field but the last is the setting of the same name; docs/settings.md describes them.
    """

    mysql_url: str = field(default="", repr=False)
    mysql_password: str = field(default="", repr=False)
    mysql_ca: str = ""
    mysql_cert: str = ""
    mysql_key: str = ""
    mongodb_url: str = field(default="", repr=False)
    mongodb_password: str = field(default="", repr=False)
    mongodb_ca: str = ""
    mongodb_cert: str = ""
    store_pool_size: int = 5
    store_timeout_seconds: float = 30
    raw_keep_days: float = 0
    revisit_min_hours: float = 1
    revisit_max_hours: float = 336
    revisit_target: float = 0.1
    revisit_patience: int = 3
    revisit_points: int = 64
    read_only: bool = False
    """Not a setting: what only reads says so, and the store refuses its writes where it can."""

    @classmethod
    def read(cls, get: Callable[[str], Any]) -> Self:
        """Read settings.

        Args:
            get: Value of a setting by its upper-case name, e.g. ``crawler.settings.get``.
        """
        values: dict[str, Any] = {}
        for f in fields(cls):
            if f.name == "read_only":
                continue
            value = get(f.name.upper())
            if value is None:
                continue
            if isinstance(f.default, str):
                values[f.name] = str(value) if isinstance(value, Path) else reveal(value)
            else:  # `-s NAME=5` gives a text
                values[f.name] = int(value) if f.name in _WHOLE else float(value)
        return cls(**values)
