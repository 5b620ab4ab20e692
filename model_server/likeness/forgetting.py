"""Take labelled rows out of profiles: what was purged must not be learnt from again.

In every version: the row's line in ``rows.jsonl`` becomes empty, and its vector and weights in
``head.npz`` zero, so that the head no longer holds anything of it; the others keep their places,
and a call that was cut short is completed by the same call.
"""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from gleanery.errors import ConfigError
from gleanery.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def count_rows(folder: Path, wanted: Callable[[list[str]], list[bool]]) -> int:
    """Return how many rows of all versions of all profiles have a text that is to go.

    Args:
        folder: Where profiles are.
        wanted: Says of some texts which of them are to go.

    Raises:
        ConfigError: A profile is damaged.
    """
    return sum(len(_places(version, wanted)) for version in _versions(folder))


def forget_rows(folder: Path, wanted: Callable[[list[str]], list[bool]]) -> list[str]:
    """Take them out; return the versions that were changed, as ``NAME@VERSION``.

    Raises:
        ConfigError: A profile is damaged.
    """
    changed = []
    for version in _versions(folder):
        if not (places := _places(version, wanted)):
            continue
        lines = _lines(version)
        _blank_vectors(version / "head.npz", set(places), len(lines))  # first: rows say where
        for place in places:
            lines[place] = ""
        write_whole(version / "rows.jsonl", "".join(f"{line}\n" for line in lines).encode())
        changed.append(f"{version.parent.name}@{version.name}")
    return changed


def _versions(folder: Path) -> Iterator[Path]:
    for rows in sorted(folder.glob("*/*/rows.jsonl")):
        if rows.parent.name.isdecimal():
            yield rows.parent


def _lines(version: Path) -> list[str]:
    text = (version / "rows.jsonl").read_text(encoding="utf-8")
    return text.removesuffix("\n").split("\n") if text else []


def _places(version: Path, wanted: Callable[[list[str]], list[bool]]) -> list[int]:
    try:
        rows = {n: json.loads(line) for n, line in enumerate(_lines(version)) if line}
        # A row may hold an item's text, or its title where there is no text.
        texts = [row["text"] or row.get("title", "") for row in rows.values()]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"Profile {version} is damaged: {error!r}") from error
    return [place for place, goes in zip(rows, wanted(texts), strict=True) if goes]


def _blank_vectors(file: Path, places: set[int], rows: int) -> None:
    """Make vectors and weights of rows zero; a head of an even spread of the rows has fewer."""
    try:
        with np.load(BytesIO(file.read_bytes()), allow_pickle=False) as kept:
            arrays = {name: kept[name].copy() for name in kept.files}
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} is damaged: {error}") from error
    taught = len(arrays["vectors"])
    gone = [n for n in range(taught) if n * rows // taught in places]
    arrays["vectors"][gone] = 0
    arrays["weights"][gone] = 0
    out = BytesIO()
    np.savez(out, **arrays)
    write_whole(file, out.getvalue())
