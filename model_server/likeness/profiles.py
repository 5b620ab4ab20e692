"""Trained heads, each under a name and in versions: ``HOME/profiles/NAME/VERSION/``.

A version is a folder of three files, written beside and renamed, and never changed afterwards:
``head.npz`` (arrays), ``card.json`` (where it comes from, how good it is) and ``rows.jsonl`` (what
was labelled, so that the next version can learn from it, too). ``current`` names the version in
use. Nothing is pickled: a profile from elsewhere is data, not code.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from gleanery.errors import ConfigError
from gleanery.files import write_whole
from model_server.likeness.head import Head

CURRENT = "current"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(slots=True, kw_only=True, frozen=True)
class Card:
    """What a version is."""

    name: str
    version: int
    """From 1 on."""
    created: str
    """ISO 8601, UTC."""
    rows: int
    sources: dict[str, int]
    """Rows by source."""
    taxonomy: str
    """Version of the taxonomy whose keys the labels are."""
    weights: str
    """Of the encoder: vectors of others cannot be compared with these."""
    temperature: float
    """See :meth:`model_server.likeness.head.Corrected.calibrated`."""
    before: dict[str, float]
    """Figures of the prototypes alone, on these rows."""
    inside: dict[str, float]
    """The same of heads that had not seen the row."""
    across: dict[str, float]
    """The same of heads that had not seen the row's source."""

    @property
    def label(self) -> str:
        """``NAME@VERSION``."""
        return f"{self.name}@{self.version}"


@dataclass(slots=True, kw_only=True, frozen=True)
class Profile:
    """A version, ready to use."""

    card: Card
    head: Head


def load_profile(name: str, folder: Path) -> Profile:
    """Read a profile.

    Args:
        name: ``NAME`` for the version in use, ``NAME@VERSION`` for another.
        folder: Where profiles are.

    Raises:
        ConfigError: There is none, or it is damaged; the message lists those there are.
    """
    plain, _, wanted = name.partition("@")
    if not _NAME.fullmatch(plain) or ("@" in name and not wanted.isdecimal()):
        raise ConfigError(f"{name!r} is no profile: NAME or NAME@VERSION, a-z, 0-9, - and _")
    version = int(wanted) if wanted else current_version(plain, folder)
    place = folder / plain / str(version)
    if version is None or not place.is_dir():
        raise ConfigError(f"No profile {name} in {folder}; there are: {_all(folder) or 'none'}")
    try:
        card = Card(**json.loads((place / "card.json").read_text(encoding="utf-8")))
        with np.load(BytesIO((place / "head.npz").read_bytes()), allow_pickle=False) as kept:
            head = Head(
                vectors=kept["vectors"], weights=kept["weights"], keys=tuple(kept["keys"].tolist())
            )
    except (OSError, ValueError, TypeError, KeyError, EOFError, BadZipFile) as error:
        raise ConfigError(f"Profile {plain}@{version} is damaged: {error}") from error
    return Profile(card=card, head=head)


def list_profiles(folder: Path) -> dict[str, list[Card]]:
    """Return the versions of each profile, oldest first; damaged ones are left out."""
    found: dict[str, list[Card]] = {}
    for place in sorted(folder.iterdir()) if folder.is_dir() else []:
        cards = []
        for version in _versions(place):
            with suppress(OSError, ValueError, TypeError):
                text = (place / str(version) / "card.json").read_text(encoding="utf-8")
                cards.append(Card(**json.loads(text)))
        if cards:
            found[place.name] = cards
    return found


def current_version(name: str, folder: Path) -> int | None:
    """Return the version in use; ``None`` if there is no such profile."""
    with suppress(OSError, ValueError):
        return int((folder / name / CURRENT).read_text(encoding="ascii"))
    return max(_versions(folder / name), default=None)


def roll_back(name: str, folder: Path, version: int | None = None) -> Card:
    """Use an older version again; none is deleted.

    Args:
        name: The profile.
        folder: Where profiles are.
        version: Which; default the one before that in use.

    Raises:
        ConfigError: There is none.
    """
    now = current_version(name, folder)
    older = [number for number in _versions(folder / name) if now and number < now]
    wanted = version or max(older, default=None)
    if wanted is None:
        raise ConfigError(f"Profile {name} has no version before {now}")
    card = load_profile(f"{name}@{wanted}", folder).card
    write_whole(folder / name / CURRENT, str(wanted).encode())
    return card


def load_labelled(name: str, folder: Path) -> list[dict[str, Any]]:
    """Return what the version in use learnt from; empty if there is no such profile.

    Raises:
        ConfigError: It is damaged.
    """
    check_name(name)
    version = current_version(name, folder)
    if version is None:
        return []
    try:
        text = (folder / name / str(version) / "rows.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.split("\n") if line]
    except (OSError, ValueError) as error:
        raise ConfigError(f"Profile {name}@{version} is damaged: {error}") from error


def save_profile(profile: Profile, rows: Iterable[dict[str, Any]], folder: Path) -> Profile:
    """Write a new version and use it; its number is the next that is free.

    Args:
        profile: ``card.version`` is set here.
        rows: What was labelled.
        folder: Where profiles are.

    Returns:
        The profile with its number.
    """
    place = folder / check_name(profile.card.name)
    place.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".new-", dir=place))
    try:
        head = profile.head
        np.savez(
            beside / "head.npz", vectors=head.vectors, weights=head.weights, keys=list(head.keys)
        )
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (beside / "rows.jsonl").write_text(lines, encoding="utf-8")
        while True:
            number = max(_versions(place), default=0) + 1
            card = Card(**{**asdict(profile.card), "version": number})
            text = json.dumps(asdict(card), ensure_ascii=False, indent=1)
            (beside / "card.json").write_text(text, encoding="utf-8")
            with suppress(OSError):  # another process took the number: try the next
                beside.rename(place / str(number))
                break
            if not (place / str(number)).exists():
                raise ConfigError(f"Cannot write {place / str(number)}")
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    write_whole(place / CURRENT, str(number).encode())
    return Profile(card=card, head=profile.head)


def check_name(name: str) -> str:
    """Return ``name``.

    Raises:
        ConfigError: It cannot name a folder.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{name!r} cannot name a profile: a-z, 0-9, - and _, 64 at most")
    return name


def _versions(place: Path) -> list[int]:
    names = (path.name for path in place.iterdir()) if place.is_dir() else ()
    return sorted(int(name) for name in names if name.isdecimal())


def _all(folder: Path) -> str:
    return ", ".join(card.label for cards in list_profiles(folder).values() for card in cards)
