"""The admin page, served for real over a folder of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from tests.cli import COMMAND, ROOT, environment
from tests.conftest import wait_until
from tests.ports import free_ports

ROLES = ("viewer", "operator", "admin")
VIEWERS = ("lee", "park")
"""Whose sessions tests may end, and whose passwords they may guess."""


@dataclass
class AdminSite:
    """A running admin page with one user of each role."""

    url: str
    home: Path
    env: dict[str, str]
    clients: list[httpx2.Client] = field(default_factory=list)
    pid: int = 0

    def run(self, *arguments: str, given: str = "") -> str:
        """Run a command over the same folder; return what it printed."""
        done = subprocess.run(
            [*COMMAND, *arguments], cwd=ROOT, env=self.env, input=given,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def client(self, role: str = "") -> httpx2.Client:
        """Return a browser's client, logged in with ``role``; nobody if there is none."""
        client = httpx2.Client(
            base_url=self.url, headers={"Origin": self.url}, timeout=60, verify=False
        )
        self.clients.append(client)
        if role:
            answer = client.post("/login", data={"user": role, "password": password(role)})
            assert answer.status_code == 303, answer.text
        return client


def password(role: str) -> str:
    return f"{role}-password"


def token_of(client: httpx2.Client) -> str:
    """Return what this session's forms carry."""
    return str(client.get("/api/me").json()["csrf"])


@contextmanager
def admin_site(home: Path, *, users: bool = True, **env: str) -> Iterator[AdminSite]:
    """Serve the admin page over ``home``; without ``users`` it makes none."""
    from storage.ledger import open_ledger  # noqa: PLC0415 - an extra
    from storage.office.tables import TABLES  # noqa: PLC0415
    from storage.office.users import Users  # noqa: PLC0415

    home.mkdir(exist_ok=True)
    port = free_ports(1)[0]
    url = f"http://127.0.0.1:{port}"
    site = AdminSite(url, home, environment(home, **{"GLEANERY_ADMIN_URL": url} | env))
    settings = {"STORE": env.get("GLEANERY_STORE", "sqlite")}
    settings |= {n: env.get(f"GLEANERY_{n}", "") for n in ("MYSQL_URL", "MYSQL_PASSWORD")}
    ledger = open_ledger(settings.get, home / "admin.db", TABLES)
    for name in (*ROLES, *VIEWERS) if users else ():
        Users(ledger).add(name, name if name in ROLES else "viewer", password(name))
    ledger.close()
    command = [*COMMAND, "serve-admin", "--port", str(port)]
    with (home / "admin.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=site.env, stdout=log, stderr=log)
    site.pid = process.pid
    try:
        wait_until(lambda: process.poll() is not None or answers(site.url), seconds=60)
        assert process.poll() is None, (home / "admin.log").read_text()
        yield site
    finally:
        for client in site.clients:
            client.close()
        process.terminate()
        process.wait(180)


def answers(url: str) -> bool:
    with suppress(httpx2.HTTPError):
        return bool(httpx2.get(f"{url}/healthz", timeout=60, verify=False).status_code == 200)
    return False
