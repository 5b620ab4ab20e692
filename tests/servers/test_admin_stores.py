"""The admin page over MySQL and MongoDB: every page shows what it has, in its first answer."""

from __future__ import annotations

import ssl
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx2
import pytest

pytest.importorskip("argon2", reason="needs gleanery[server]")

from storage import StoreOptions
from tests.admin_site import admin_site, token_of
from tests.admin_world import NUMBER, fill
from tests.authority import Authority
from tests.conftest import wait_until
from tests.oidc_provider import oidc_service, settings
from tests.scrapyd_nodes import Node
from tests.store_servers import emptied

LAST = f"reddit:t3_{NUMBER - 1}"
SHOWN = {
    "/": f"<dd>{NUMBER + 1}</dd>", "/items": "Post 118", "/items?q=이야기 77": "Post 77",
    "/items?review=yes": "Post 110", "/items?category=food&platform=reddit": "Post 117",
    f"/item?id={LAST}": "&lt;script&gt;alert(1)", "/item/alike?id=reddit:t3_1": "Look alike",
    "/proposals": "Space", "/topics": "Nothing here.", "/seeds": "daily", "/jobs": "evil",
    "/job?name=evil": "&lt;script&gt;alert(1)", "/nodes": "node", "/schedules": "Nothing here.",
    "/frontier": "Nothing here.", "/work": "reddit:t3_0", "/engines": "e5", "/start": "google",
    "/stores": f"{NUMBER + 1}", "/runs": "Nothing here.", "/settings": "GLEANERY_STORE",
    "/audit": "login",
}  # fmt: skip


@pytest.fixture(
    params=[
        "mysql+mongodb",
        pytest.param("mysql", marks=pytest.mark.slow),
        pytest.param("mongodb", marks=pytest.mark.slow),
    ]
)
def site(request, tmp_path, store_options):
    options = store_options(request.param)
    emptied(request.param, tmp_path / "none", options).init()
    _empty_office(options)
    fill(tmp_path, emptied(request.param, tmp_path / "none", options))
    with admin_site(tmp_path, **_env(request.param, options)) as running:
        yield running


def _env(name: str, options: StoreOptions) -> dict[str, str]:
    urls = {"MYSQL_URL": options.mysql_url, "MONGODB_URL": options.mongodb_url}
    return {f"GLEANERY_{key}": value for key, value in ({"STORE": name} | urls).items() if value}


def _empty_office(options: StoreOptions) -> None:
    """Empty the tables of users and jobs, which other tests have filled."""
    if not options.mysql_url:
        return
    from storage.mysql.database import Database  # noqa: PLC0415 - an extra
    from storage.mysql.schema import OFFICE, job_tables  # noqa: PLC0415

    database, t = Database(options), job_tables
    with database.engine.begin() as db:
        for table in (*OFFICE, t.jobs, t.events, t.nodes, t.orders, t.schedules, t.notices):
            db.execute(table.delete())
    database.close()


def test_every_page_shows_what_the_store_has(site):
    """Without a script: what a client that runs none gets."""
    client = site.client("admin")
    headers = {"Accept-Language": "en"}

    answers = {path: client.get(path, headers=headers) for path in SHOWN}

    missing = {
        path: answer.status_code
        for path, answer in answers.items()
        if answer.status_code != 200 or SHOWN[path] not in answer.text
    }
    assert missing == {}
    form = {"identity": LAST, "category": "food", "csrf": token_of(client)}
    assert client.post("/item/label", data=form).status_code == 303
    found = client.get("/api/items", params={"category": "food"}).json()["items"]
    assert found[0]["identity"] == LAST


@pytest.mark.slow
@pytest.mark.parametrize("site", ["mysql"], indirect=True)
def test_a_node_is_drained_through_a_ledger_in_mysql(site, tmp_path, store_options):
    client = site.client("operator")
    env = _env("mysql", store_options("mysql"))

    def draining() -> bool:
        return bool(_node(client)["draining"])

    def order(action: str) -> None:
        data = {"name": "one", "action": action, "csrf": token_of(client)}
        assert client.post("/nodes", data=data).status_code == 303

    with Node(tmp_path / "node", "one", **env):
        wait_until(lambda: _node(client) is not None, seconds=60)
        order("drain")
        wait_until(draining, seconds=60)
        order("work")
        wait_until(lambda: not draining(), seconds=60)


def _node(client):
    """Return what is known of the node, ``None`` before it is heard of."""
    return next((row for row in client.get("/api/nodes").json() if row["name"] == "one"), None)


@pytest.mark.slow
def test_two_copies_share_logins_at_a_service(tmp_path, store_options):
    """Behind one address, over MySQL; the service is vouched for by an authority of its own."""
    options, authority = store_options("mysql"), Authority(tmp_path / "ca")
    emptied("mysql", tmp_path / "none", options).init()
    _empty_office(options)
    trusting = ssl.create_default_context(cafile=authority.ca)
    with ExitStack() as stack:
        service = stack.enter_context(oidc_service(tls=authority.issue("login")))
        env = _env("mysql", options) | settings(service) | {"GLEANERY_OIDC_CA": str(authority.ca)}
        first = stack.enter_context(admin_site(tmp_path / "1", **env))
        env["GLEANERY_ADMIN_URL"] = first.url
        second = stack.enter_context(admin_site(tmp_path / "2", users=False, **env))
        browser = stack.enter_context(httpx2.Client(verify=trusting, timeout=60))

        def log_in(here: str, there: str) -> httpx2.Response:
            address = browser.get(f"{here}/login/oidc").headers["location"]
            back = urlsplit(browser.post(address).headers["location"])
            return browser.get(f"{there}{back.path}?{back.query}")

        def statuses() -> list[int]:
            return [browser.get(f"{site.url}/api/me").status_code for site in (first, second)]

        done = log_in(first.url, second.url).status_code, statuses()
        name = browser.get(f"{first.url}/api/me").json()["user"]
        second.run("users", "revoke", name)
        revoked = statuses()
        log_in(second.url, first.url)
        again = statuses()
        kept = browser.cookies["gleanery"]
        service.person = {"sub": "1", "groups": []}
        dismissed = log_in(first.url, second.url).status_code
        browser.cookies.set("gleanery", kept, domain="127.0.0.1")

        assert done == (200, [200, 200])
        assert (revoked, again) == ([401, 401], [200, 200])
        assert (dismissed, statuses()) == (403, [401, 401])
