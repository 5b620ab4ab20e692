"""MariaDB and a server that speaks MongoDB's protocol, in place of the manifests' two databases."""

from __future__ import annotations

import signal
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import pymysql

from storage import StoreOptions
from storage.mongodb.database import connect
from tests.conftest import missing_server
from tests.ports import free_ports
from tests.store_servers import (
    SETTINGS,
    has_mongodb,
    mariadb_program,
    prepare_mariadb,
    running_mariadb,
    running_mongodb,
)


class Databases:
    """A context manager; each server has an administrator with the password of the Secret."""

    def __init__(self, folder: Path, passwords: dict[str, str]) -> None:
        if mariadb_program() is None:
            missing_server("mariadb-server")
        if not has_mongodb():
            missing_server("secantusdb")
        self.ports = dict(zip(("mysql", "mongodb"), free_ports(2), strict=True))
        self.folders = {name: folder / name[:2] for name in self.ports}  # a socket's path is short
        self.addresses = {
            "MYSQL_ADDRESS": f"127.0.0.1:{self.ports['mysql']}/gleanery",
            "MONGODB_ADDRESS": f"127.0.0.1:{self.ports['mongodb']}/gleanery",
        }
        self._passwords = passwords
        self._stacks = {name: ExitStack() for name in self.ports}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        for place in self.folders.values():
            place.mkdir()
        prepare_mariadb(self.folders["mysql"])
        self.start("mysql")
        with pymysql.connect(unix_socket=str(self.folders["mysql"] / "s"), user="root") as db:
            password = self._passwords["mysql-root"]
            db.cursor().execute("ALTER USER root@localhost IDENTIFIED BY %s", (password,))
        with running_mongodb(self.folders["mongodb"]) as (process, open_url):
            mongo = connect(StoreOptions(mongodb_url=open_url)).client
            password = self._passwords["mongodb-root"]
            mongo.admin.command("createUser", "root", pwd=password, roles=["root"])
            mongo.close()
            process.terminate()  # not killed: it flushes what it knows
            process.wait()
        self.start("mongodb")
        return self

    def __exit__(self, *_: object) -> None:
        for stack in self._stacks.values():
            stack.close()

    def start(self, name: str) -> None:
        """Run one over the files that it has, at its address."""
        folder, port = self.folders[name], self.ports[name]
        if name == "mysql":
            network = ("--skip-networking=0", "--bind-address=127.0.0.1", f"--port={port}")
            running = running_mariadb(folder, settings=(*SETTINGS, *network))
        else:
            running = running_mongodb(folder, port=port, options=("--auth",))
        self._processes[name], _ = self._stacks[name].enter_context(running)

    def stop(self, name: str) -> None:
        """End one as kubelet does."""
        self._processes[name].send_signal(signal.SIGTERM)
        self._processes[name].wait(timeout=120)
        self._stacks[name].close()
