"""Profiles as files: those in ``HOME/seeds`` may be written, those that came with us be read."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from gleanery.errors import ConfigError, GleaneryError
from gleanery.files import locked, write_whole
from items.seed import PROFILES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_CHARACTERS = 100_000
_NAME = re.compile(r"[\w-]{1,64}")


class ChangedMeanwhileError(GleaneryError):
    """Somebody else has saved the file since it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedFile:
    """A profile's text."""

    name: str
    text: str
    own: bool
    """Whether it lies in ``HOME/seeds``; else it came with the project, and saving makes a copy."""
    shipped: bool
    """Whether one of that name came with the project."""

    @property
    def etag(self) -> str:
        """What a saving must name, so that it overwrites nothing unseen; empty = no file yet."""
        return sha256(self.text.encode()).hexdigest()[:32] if self.own else ""


class SeedFiles:
    """The folder; nothing outside it is read or written."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "seeds"

    def names(self) -> list[str]:
        """Return the names of all profiles that can be shown."""
        found = {path.stem for folder in (PROFILES, self.folder) for path in folder.glob("*.yaml")}
        return sorted(name for name in found if _NAME.fullmatch(name))

    def read(self, name: str) -> SeedFile:
        """Return a profile; one that is not there has an empty text.

        Raises:
            ConfigError: It is no name, no text in UTF-8, too long, or lies outside the folder.
        """
        own = self._path(name)
        shipped = PROFILES / own.name
        path = own if own.exists() else shipped
        try:
            text = path.read_bytes().decode("utf-8") if path.exists() else ""
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{name}: no text in UTF-8 (읽을 수 없습니다)") from error
        if len(text) > MAX_CHARACTERS:
            raise ConfigError(f"{name}: longer than {MAX_CHARACTERS} characters (너무 깁니다)")
        return SeedFile(name=name, text=text, own=own.exists(), shipped=shipped.exists())

    def save(self, name: str, text: str, *, etag: str) -> SeedFile:
        """Write a profile whole; return the one before.

        Args:
            name: Its name.
            text: Checked by the caller.
            etag: Of the one that the caller has seen.

        Raises:
            ChangedMeanwhileError: It is another one by now.
            ConfigError: As for :meth:`read`, or it cannot be written.
        """
        with self._seen(name, etag) as before:
            write_whole(self._path(name), text.encode())
            return before

    def remove(self, name: str, *, etag: str) -> SeedFile:
        """Remove a profile of one's own; return it.

        Raises:
            ChangedMeanwhileError: As for :meth:`save`.
            ConfigError: There is none of one's own.
        """
        with self._seen(name, etag) as before:
            if not before.own:
                raise ConfigError(f"no profile {name!r} in HOME/seeds (없는 프로필)")
            self._path(name).unlink()
            return before

    @contextmanager
    def _seen(self, name: str, etag: str) -> Iterator[SeedFile]:
        self._path(name)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with locked(self.folder / ".lock"):
                before = self.read(name)
                if before.etag != etag:
                    raise ChangedMeanwhileError(
                        f"{name} was saved by somebody else meanwhile (다른 사람이 먼저 저장함)"
                    )
                yield before
        except OSError as error:
            raise ConfigError(f"HOME/seeds: {error.strerror} (쓸 수 없습니다)") from error

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ConfigError(f"{name[:80]!r}: 1 to 64 letters, digits, _ and - (프로필 이름)")
        path = self.folder / f"{name}.yaml"
        if path.is_symlink():
            raise ConfigError(f"{name} is a link: edit it where it leads to (심볼릭 링크입니다)")
        return path
