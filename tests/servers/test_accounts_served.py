"""Programs that serve, each with its own account of MariaDB: they can do all of their work."""

from __future__ import annotations

import httpx2
import pytest

pytest.importorskip("argon2", reason="needs gleanery[server]")

from storage import open_store
from tests.admin_site import admin_site
from tests.cli import gleanery
from tests.client_api import running_api
from tests.conftest import wait_until
from tests.export_home import threads
from tests.monitoring.serving import exporter
from tests.servers.test_accounts import as_service, mysql, options_of
from tests.servers.test_client_api import POST, fill

__all__ = ["mysql"]

API = {
    "/v1/items": {"platform": "youtube"}, "/v1/search": {"q": "여행"}, "/v1/topics": {},
    "/v1/item": {"identity": POST.identity}, "/v1/item/comments": {"identity": POST.identity},
    "/v1/item/similar": {"identity": "youtube:v0"},
}  # fmt: skip


@pytest.mark.slow
def test_each_program_that_serves_does_so_with_its_account(mysql):
    home, _ = mysql
    admin, client, monitor = (as_service(home, name) for name in ("admin", "client", "monitor"))
    with open_store("mysql", "", options_of(home, "admin")) as store:
        fill(store)
        store.save(threads(2))

    with running_api(home, keeper=admin, **client) as api:
        said = {path: api.json(path, **asked) for path, asked in API.items()}
        headers = {"Authorization": f"Bearer {api.key}"}
        with httpx2.Client(base_url=api.url, headers=headers, timeout=60) as http:
            job = http.post("/v1/exports", json={"min_quality": 0.85}).headers["location"]
            wait_until(lambda: api.json(job)["state"] in ("done", "failed"), seconds=60)
        made = api.json(job)
    with admin_site(home, **admin) as site:
        http = site.client("admin")
        paths = http.get("/api/openapi.json").json()["paths"]
        pages = {path: http.get(path) for path, way in paths.items() if "get" in way}
    with exporter(home, **monitor) as url:
        told = httpx2.get(f"{url}/metrics", timeout=60).text

    purged = gleanery(home, "purge", POST.identity, "--yes", "--json", **admin)

    assert all(said.values())
    assert (made["state"], sum(made["items"].values())) == ("done", 6), made
    assert {answer.status_code for answer in pages.values()} == {200, 422}  # some need a name
    assert len(pages) > 20
    sources = [line for line in told.splitlines() if line.startswith("gleanery_up{")]
    assert len(sources) == sum(line.endswith(" 1.0") for line in sources) >= 5, sources
    assert (purged.returncode, purged.json["proven"]) == (0, True), purged.stderr
