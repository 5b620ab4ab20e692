"""Files with the address and password of one account, as environment variables; mode 0600."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gleanery.errors import ConfigError
from gleanery.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path


class Credentials:
    """Lines ``NAME=value`` of one server in a service's file; lines of others stay.

    The form is what ``docker --env-file``, systemd's ``EnvironmentFile`` and
    ``kubectl create secret --from-env-file`` read: nothing is quoted.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._next = path.with_name(f"{path.name}.new")

    def prepare(self, variables: dict[str, str]) -> None:
        """Write the file that :meth:`commit` puts in place.

        Raises:
            OSError: It cannot be written.
        """
        lines = _read(self.path) | variables
        text = "".join(f"{name}={value}\n" for name, value in lines.items())
        write_whole(self._next, text.encode(), private=True)

    def commit(self) -> None:
        """The server knows the new password: put the file in place."""
        self._next.replace(self.path)

    def forget(self) -> None:
        """The server keeps the old password: leave the file as it was."""
        self._next.unlink(missing_ok=True)


def given_passwords(path: Path) -> dict[str, str]:
    """Read passwords of services from lines ``crawl=PASSWORD``.

    Raises:
        ConfigError: It cannot be read, is open to others, or a line is no such pair.
    """
    try:
        mode = path.stat().st_mode
        found = _read(path)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {error} (비밀번호 파일을 읽을 수 없습니다)") from None
    if mode & 0o077:
        raise ConfigError(
            f"{path} is open to others (다른 사용자가 읽을 수 있음): chmod 600 {path}"
        )
    return found


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    if any("=" not in line for line in lines):
        raise ValueError("a line is no NAME=value")
    pairs = (line.split("=", 1) for line in lines)
    return {name.strip(): value for name, value in pairs}
