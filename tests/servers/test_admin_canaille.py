"""A login at Canaille, a login service of somebody else, by its own pages in a browser."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

pytest.importorskip("argon2", reason="needs gleanery[server]")

from playwright.sync_api import expect

from tests.admin_site import admin_site
from tests.cli import ROOT
from tests.conftest import missing_server, wait_until
from tests.ports import free_ports

PYTHON = ROOT / ".venv-canaille" / "bin" / "python"
"""``make test-slow`` makes it."""
CLIENT, SECRET = "gleanery", "9f2c71d05be84a36"
PASSWORD = "the long password of Kim 77"
SETTINGS = {
    "GLEANERY_OIDC_CLIENT_ID": CLIENT, "GLEANERY_OIDC_CLIENT_SECRET": SECRET,
    "GLEANERY_OIDC_SCOPE": "openid profile groups",
    "GLEANERY_OIDC_ROLES": json.dumps({"crawlers": "operator"}),
}  # fmt: skip


@contextmanager
def canaille(folder: Path, port: int, redirect: str) -> Iterator[None]:
    """Run it with one person, Kim of the group ``crawlers``, and our page as its client."""
    command = [PYTHON, "tests/canaille/serve.py", str(port), redirect, CLIENT, SECRET, PASSWORD]
    with (
        (folder / "canaille.log").open("wb") as log,
        subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log) as process,
    ):
        try:
            wait_until(lambda: process.poll() is not None or _answers(port), seconds=60)
            assert process.poll() is None, (folder / "canaille.log").read_text()
            yield
        finally:
            process.terminate()


def _answers(port: int) -> bool:
    try:
        address = f"http://localhost:{port}/.well-known/openid-configuration"
        return httpx2.get(address, timeout=60, trust_env=False).status_code == 200
    except httpx2.TransportError:
        return False


@pytest.mark.slow
def test_a_login_service_of_somebody_else_vouches_for_people(tmp_path, new_context):
    """Refused there, then allowed; its groups come for a scope of their own."""
    if not PYTHON.exists():
        missing_server("Canaille")
    (port,) = free_ports(1)
    issuer = {"GLEANERY_OIDC_ISSUER": f"http://localhost:{port}"}
    with admin_site(tmp_path, **SETTINGS, **issuer) as site:
        with canaille(tmp_path, port, f"{site.url}/login/oidc/callback"):
            context = new_context(locale="en")
            page = context.new_page()
            page.goto(f"{site.url}/items?category=food")
            page.get_by_role("link", name="Log in at localhost").click()
            page.locator("#login").fill("kim")
            page.get_by_role("button", name="Continue").click()
            page.locator("input[type=password]").fill(PASSWORD)
            page.locator("form button[type=submit]").first.click()
            page.locator("#deny").click()
            expect(page.get_by_role("alert")).to_contain_text("could not be finished")
            page.goto(f"{site.url}/login/oidc?next=/items?category=food")
            page.locator("#accept").click()
            page.wait_for_url(f"{site.url}/items?category=food")
            me = page.request.get(f"{site.url}/api/me").json()
            expect(page.get_by_role("button", name=f"Log out ({me['user']})")).to_be_visible()
            context.close()
        entries = site.client("admin").get("/api/audit?action=login").json()

    assert me["role"] == "operator"
    assert me["user"].startswith("oidc:")
    assert [e["after"] for e in entries if e["subject"] == me["user"]] == [{"role": "operator"}]
