"""Where a crawl begins: seeds, files of seeds, and the profiles shipped with the project."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from gleanery.errors import ConfigError
from gleanery.yaml_text import read_yaml

PROFILES = Path(__file__).parents[1] / "seeds"
"""Folder of the profiles that come with the project."""
REVISIT = "revisit"
"""Seed of an item that was visited again: it keeps how it was first come upon."""


@dataclass(slots=True, kw_only=True, frozen=True)
class Seed:
    """One starting point. A YAML seed is a mapping with these fields and nothing else."""

    platform: str
    """``reddit``, ``google`` or ``youtube``: the spider that takes it."""

    kind: str
    """The spider's own argument: ``subreddit``, ``search``, ``query``, ``feed``, ``channel`` …"""

    value: str
    """What that argument is set to, e.g. ``news``."""

    category: str | None = None
    """Category wanted from it."""

    max_depth: int | None = None
    """Links to follow from it; ``None`` = the crawl's own limit."""

    options: dict[str, Any] = field(default_factory=dict, hash=False)
    """More of the spider's arguments, for this seed alone, e.g. ``{"sort": "top"}``."""

    @property
    def label(self) -> str:
        """Short name for logs, items and stats: ``reddit:subreddit=news``."""
        return f"{self.platform}:{self.kind}={self.value}"


def load_seeds(path: Path) -> list[Seed]:
    """Read a YAML file: a list of seeds, or a mapping with the list under ``seeds``.

    Raises:
        ConfigError: The file is missing or malformed; the message names the entry.
    """
    try:
        data = read_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"Cannot read the seeds file {path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not YAML in UTF-8: {error}") from error
    rows = data.get("seeds") if isinstance(data, dict) else data
    if not isinstance(rows, list) or not rows:
        raise ConfigError(
            f"{path}: expected a list of seeds, or a mapping with the list under 'seeds'"
        )
    return [to_seed(row, f"{path}, seed {number}") for number, row in enumerate(rows, 1)]


def profile_names(home: Path | None = None) -> list[str]:
    """Return the names of all profiles: those shipped, and those in ``HOME/seeds``."""
    folders = [PROFILES, *([home / "seeds"] if home else [])]
    return sorted({path.stem for folder in folders for path in folder.glob("*.yaml")})


def load_profile(name: str, home: Path | None = None) -> list[Seed]:
    """Read the profile ``name``; one in ``HOME/seeds`` goes before a shipped one.

    Raises:
        ConfigError: There is no such profile, or its file is malformed.
    """
    if name not in profile_names(home):
        raise ConfigError(f"No profile {name!r}. There are: {', '.join(profile_names(home))}.")
    own = home / "seeds" / f"{name}.yaml" if home else None
    return load_seeds(own if own and own.exists() else PROFILES / f"{name}.yaml")


def to_seed(row: object, where: str) -> Seed:
    """Read a mapping with a seed's fields.

    Args:
        row: What stood in a file or a queue.
        where: How messages call that place.

    Raises:
        ConfigError: It is no mapping, a field is missing, unknown or malformed.
    """
    if not isinstance(row, dict):
        raise ConfigError(f"{where}: expected a mapping, got {type(row).__name__}")
    try:
        seed = Seed(**{**row, "value": str(row["value"])})
    except KeyError as error:
        raise ConfigError(f"{where}: {error.args[0]!r} is missing") from error
    except TypeError as error:
        raise ConfigError(f"{where}: {str(error).removeprefix('Seed.__init__() ')}") from error
    if seed.max_depth is not None and (not isinstance(seed.max_depth, int) or seed.max_depth < 0):
        raise ConfigError(f"{where}: max_depth must be a whole number from 0 on")
    return seed
