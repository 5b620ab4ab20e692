"""Real servers that keep items: MariaDB, and one that speaks MongoDB's protocol."""

from __future__ import annotations

import os
import shutil
import socket as network
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from storage import Store, StoreOptions, open_store
from storage.book import BOOKS

if TYPE_CHECKING:
    from items import Item
    from storage.mongodb.documents import Documents

_PASSWORD_WANTED = 1045
SETTINGS = ("--innodb-buffer-pool-size=64M", "--innodb-log-file-size=32M", "--skip-log-bin")


def mariadb_program() -> str | None:
    """Where ``mariadbd`` is; ``None`` if it is not installed."""
    return shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@contextmanager
def mariadb(folder: Path, *, settings: tuple[str, ...] = SETTINGS) -> Iterator[str]:
    """Run MariaDB on a socket in ``folder``; yield the address of an empty database."""
    prepare_mariadb(folder)
    with running_mariadb(folder, settings=settings) as (_, url):
        yield url


def prepare_mariadb(folder: Path) -> None:
    """Make the system tables, once."""
    command = [
        "mariadb-install-db", "--no-defaults", f"--datadir={folder / 'data'}",
        "--auth-root-authentication-method=normal", "--skip-test-db", f"--user={_user()}",
    ]  # fmt: skip
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@contextmanager
def running_mariadb(
    folder: Path, *, settings: tuple[str, ...] = SETTINGS
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run the server over the tables in ``folder``; yield its process and an address."""
    from tests.conftest import wait_until  # noqa: PLC0415 - that one imports this module

    socket = folder / "s"
    command = [
        str(mariadb_program()), "--no-defaults", f"--datadir={folder / 'data'}",
        f"--socket={socket}", "--skip-networking", f"--user={_user()}", *settings,
    ]  # fmt: skip
    with (folder / "log").open("ab") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            wait_until(lambda: _make_database(socket), seconds=60)
            yield process, f"mysql://root@localhost/gleanery?unix_socket={socket}"
        finally:
            process.kill()


def _make_database(socket: Path) -> bool:
    import pymysql  # noqa: PLC0415 - an extra

    with closing(network.socket(network.AF_UNIX)) as probe:  # the driver leaves its own one open
        if probe.connect_ex(str(socket)):
            return False
    try:
        with pymysql.connect(unix_socket=str(socket), user="root") as connection:
            connection.cursor().execute("CREATE DATABASE IF NOT EXISTS gleanery")
    except pymysql.err.OperationalError as error:
        return bool(error.args[0] == _PASSWORD_WANTED)  # it is up, and was given one before
    return True


def _user() -> str:
    import getpass  # noqa: PLC0415

    return getpass.getuser()


@contextmanager
def mongodb(folder: Path, *, port: int = 0) -> Iterator[str]:
    """Run a server that speaks MongoDB's protocol; yield the address of a database."""
    with running_mongodb(folder, port=port) as (_, url):
        yield url


@contextmanager
def running_mongodb(
    folder: Path, *, port: int = 0, options: tuple[str, ...] = (), query: str = ""
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run the server over the files in ``folder``; yield its process and an address.

    Args:
        folder: Where.
        port: Where it listens; 0 = a free one.
        options: More for its command line.
        query: More for the address, beginning with ``&``.
    """
    from pymongo import MongoClient  # noqa: PLC0415 - an extra
    from pymongo.errors import PyMongoError  # noqa: PLC0415

    from tests.conftest import wait_until  # noqa: PLC0415
    from tests.ports import free_ports  # noqa: PLC0415

    port = port or free_ports(1)[0]
    url = f"mongodb://127.0.0.1:{port}/gleanery?directConnection=true{query}"

    def answers() -> bool:
        with suppress(PyMongoError), MongoClient(url, serverSelectionTimeoutMS=200) as client:
            return bool(client.admin.command("hello"))
        return False

    command = [
        sys.executable, "-W", "ignore", "-m", "secantus", "--standalone", "--port", str(port),
        "--storage-path", str(folder / "mongodb"), "--log-level", "ERROR", "--cache-size", "256M",
        *options,
    ]  # fmt: skip
    with (folder / "log").open("ab") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            wait_until(answers, seconds=60)
            yield process, url
        finally:
            process.kill()


def has_mongodb() -> bool:
    """Whether the server for tests is installed."""
    return find_spec("secantus") is not None


def emptied(name: str, path: Path, options: StoreOptions) -> Store:
    """Return the store ``name``, prepared and empty, not yet opened."""
    if "mysql" in name:
        _empty_mysql(options)
    if "mongodb" in name:
        _empty_mongodb(options)
    return open_store(name, path, options)


def _empty_mysql(options: StoreOptions) -> None:
    from sqlalchemy import inspect  # noqa: PLC0415

    from storage.mysql.database import Database  # noqa: PLC0415

    database = Database(options)
    with database.engine.begin() as db:
        for table in {"items", "proposals", *BOOKS} & set(inspect(db).get_table_names()):
            db.exec_driver_sql(f"DELETE FROM {table}")
    database.close()


def _empty_mongodb(options: StoreOptions) -> None:
    from storage.mongodb.database import connect  # noqa: PLC0415

    db = connect(options)
    for name in set(db.list_collection_names()) - {"meta"}:
        db[name].delete_many({})
    db.client.close()


def keep(documents: Documents, items: Sequence[Item]) -> None:
    """Write documents only, as a crawl does that dies before MySQL has committed."""
    from storage.mongodb.batch import Batch  # noqa: PLC0415 - an extra

    documents.mongo.run(documents.save(Batch.of(items)))


@contextmanager
def scratch_mysql(url: str) -> Iterator[str]:
    """Make a database of our own on a server that somebody else runs; drop it afterwards."""
    from sqlalchemy import create_engine, make_url  # noqa: PLC0415

    name = f"gleanery_test_{os.getpid()}"
    parsed = make_url(url).set(drivername="mysql+pymysql")
    engine = create_engine(parsed.set(database=None), isolation_level="AUTOCOMMIT")
    with engine.connect() as db:
        db.exec_driver_sql(f"CREATE DATABASE {name}")
        try:
            named = parsed.set(drivername="mysql", database=name)
            yield named.render_as_string(hide_password=False)
        finally:
            db.exec_driver_sql(f"DROP DATABASE {name}")
    engine.dispose()


@contextmanager
def scratch_mongodb(url: str) -> Iterator[str]:
    """Use a database of our own on a server that somebody else runs; drop it afterwards."""
    from urllib.parse import urlsplit, urlunsplit  # noqa: PLC0415

    from pymongo import MongoClient  # noqa: PLC0415

    name = f"gleanery_test_{os.getpid()}"
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, "" if "authSource" in url else "authSource=admin")))
    yield urlunsplit(parts._replace(path=f"/{name}", query=query if "@" in url else parts.query))
    with MongoClient(url) as client:
        client.drop_database(name)


def skip_without(module: str) -> None:
    """Skip a test that needs a driver which is not installed."""
    pytest.importorskip(module, reason=f"needs {module}: pip install gleanery[server]")
