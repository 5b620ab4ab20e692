"""MySQL and MariaDB, by their own dump program: of one moment, no lock, no password in ``ps``."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect

from gleanery.errors import ConfigError, StoreError
from storage.mysql.database import Database, translated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from sqlalchemy import URL

    from storage.options import StoreOptions

FILE = "mysql.sql.gz"
DUMP = (
    "--single-transaction", "--quick", "--no-tablespaces", "--skip-triggers", "--hex-blob",
    "--default-character-set=utf8mb4",
)  # fmt: skip


def write(folder: Path, options: StoreOptions) -> dict[str, int]:
    """Dump the database into ``folder``; return the number of bytes of SQL.

    Raises:
        StoreError: The dump failed.
        ConfigError: No dump program is installed, or no database is set.
    """
    with (
        _option_file(options) as (url, file),
        gzip.open(folder / FILE, "wb", compresslevel=6) as out,
        tempfile.TemporaryFile() as errors,
    ):
        command = [_program("mariadb-dump", "mysqldump"), f"--defaults-extra-file={file}", *DUMP]
        with subprocess.Popen(  # noqa: S603 - no shell
            [*command, str(url.database)], stdout=subprocess.PIPE, stderr=errors
        ) as process:
            assert process.stdout is not None
            shutil.copyfileobj(process.stdout, out, 1 << 20)
        _check(process.returncode, errors)
        return {"sql_bytes": out.tell()}


def restore(folder: Path, options: StoreOptions, *, replace: bool) -> None:
    """Bring a dump back into the database that is set.

    Args:
        folder: Of the backup.
        options: Where.
        replace: Whether tables that are there may be replaced.

    Raises:
        StoreError: The database is not empty and ``replace`` is not given, or it failed.
        ConfigError: No client program is installed, or no database is set.
    """
    if (tables := _tables(options)) and not replace:
        raise StoreError(
            f"MySQL holds {len(tables)} tables already; --replace overwrites them"
            " (비어 있지 않습니다)"
        )
    with (
        _option_file(options) as (url, file),
        gzip.open(folder / FILE, "rb") as dump,
        tempfile.TemporaryFile() as errors,
    ):
        command = [_program("mariadb", "mysql"), f"--defaults-extra-file={file}"]
        with subprocess.Popen(  # noqa: S603 - no shell
            [*command, "--default-character-set=utf8mb4", str(url.database)],
            stdin=subprocess.PIPE,
            stderr=errors,
        ) as process:
            assert process.stdin is not None
            with suppress(BrokenPipeError):  # it says why on stderr
                shutil.copyfileobj(dump, process.stdin, 1 << 20)
                process.stdin.close()
        _check(process.returncode, errors)


def _tables(options: StoreOptions) -> list[str]:
    database = Database(options)
    try:
        with translated(database.where):
            return inspect(database.engine).get_table_names()
    finally:
        database.close()


def _program(*names: str) -> str:
    for name in names:
        if found := shutil.which(name):
            return found
    raise ConfigError(
        f"{' or '.join(names)} is not installed: Debian's mariadb-client has it"
        " (프로그램이 설치되어 있지 않습니다)"
    )


@contextmanager
def _option_file(options: StoreOptions) -> Iterator[tuple[URL, Path]]:
    """Yield the address, and a file that only we may read with account, password and TLS."""
    database = Database(options)
    database.close()
    url = database.engine.url
    values = {
        "host": url.host,
        "port": url.port,
        "socket": url.query.get("unix_socket"),
        "user": url.username,
        "password": url.password,
        "ssl-ca": options.mysql_ca,
        "ssl-cert": options.mysql_cert,
        "ssl-key": options.mysql_key or options.mysql_cert,
    }
    lines = [f"{name} = {_quoted(str(value))}" for name, value in values.items() if value]
    if options.mysql_ca or options.mysql_cert:  # MariaDB's word for it, and MySQL's
        lines += ["loose-ssl-verify-server-cert", "loose-ssl-mode = VERIFY_IDENTITY"]
    descriptor, name = tempfile.mkstemp(suffix=".cnf")  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write("\n".join(["[client]", *lines, ""]))
        yield url, Path(name)
    finally:
        Path(name).unlink()


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _check(status: int, errors: BinaryIO) -> None:
    errors.seek(0)
    text = errors.read(2000).decode(errors="replace").strip()
    if status:
        raise StoreError(f"MySQL: {' '.join(text.split()) or status} (실패했습니다)")
