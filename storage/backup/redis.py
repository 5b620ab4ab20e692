"""Redis and Valkey: a snapshot as the server sends it to a replica, of one moment.

It comes back as files of a server that stands still, since only servers read them.
"""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from gleanery.errors import ConfigError, StoreError
from storage.redis_address import split_address

if TYPE_CHECKING:
    from pathlib import Path

FILE = "redis.rdb"
LIMIT_SECONDS = 3600
_AOF, _BASE = "appendonlydir", "appendonly.aof.1.base.rdb"


def write(folder: Path, url: str) -> dict[str, int]:
    """Fetch a snapshot into ``folder``.

    Raises:
        StoreError: The server is away, or refused us.
        ConfigError: No address is set, it is a cluster's, or ``redis-cli`` is not installed.
    """
    program = shutil.which("redis-cli") or shutil.which("valkey-cli")
    if program is None:
        raise ConfigError(
            "redis-cli is not installed: Debian's redis-tools (설치되어 있지 않습니다)"
        )
    words, password = _where(url)
    command = [program, *words, "--rdb", str(folder / FILE)]
    done = subprocess.run(  # noqa: S603 - no shell
        command,
        env={"REDISCLI_AUTH": password} if password else {},
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    if done.returncode or not _is_snapshot(folder / FILE):
        said = " ".join(f"{done.stdout} {done.stderr}".split())[-300:]
        raise StoreError(f"Redis: {said or 'no snapshot came'} (실패했습니다)")
    return {"bytes": (folder / FILE).stat().st_size}


def restore(folder: Path, target: Path, *, replace: bool) -> None:
    """Lay a snapshot where a Redis (7 or newer) that stands still will find it.

    Args:
        folder: Of the backup.
        target: ``dir`` of that Redis. With ``appendonly yes`` a server reads ``appendonlydir`` and
            no ``dump.rdb``: both are written.
        replace: Whether what is there may go.

    Raises:
        StoreError: There is something already and ``replace`` is not given.
    """
    target.mkdir(parents=True, exist_ok=True)
    places = target / "dump.rdb", target / _AOF
    if any(place.exists() for place in places) and not replace:
        raise StoreError(f"{target} holds a Redis already; --replace (비어 있지 않습니다)")
    if (target / _AOF).exists():
        shutil.rmtree(target / _AOF)
    (target / _AOF).mkdir()
    shutil.copyfile(folder / FILE, target / "dump.rdb")
    shutil.copyfile(folder / FILE, target / _AOF / _BASE)
    manifest = f"file {_BASE} seq 1 type b\n"
    (target / _AOF / "appendonly.aof.manifest").write_text(manifest, encoding="ascii")


def _where(url: str) -> tuple[list[str], str]:
    """Return options of ``redis-cli`` and the password, which goes by the environment."""
    if not url:
        raise ConfigError("GLEANERY_REDIS_URL is not set (설정되지 않았습니다)")
    address, is_cluster = split_address(url)
    if is_cluster:
        raise ConfigError(
            "One node of a cluster at a time: give each primary's redis:// address"
            " (클러스터는 노드별로 백업하십시오)"
        )
    parts = urlsplit(address)
    if parts.scheme == "unix":
        return ["-s", unquote(parts.path)], unquote(parts.password or "")
    words = ["-h", parts.hostname or "127.0.0.1", "-p", str(parts.port or 6379)]
    if parts.username:
        words += ["--user", unquote(parts.username)]
    return words + (["--tls"] if parts.scheme == "rediss" else []), unquote(parts.password or "")


def _is_snapshot(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(5) in (b"REDIS", b"VALKE")
