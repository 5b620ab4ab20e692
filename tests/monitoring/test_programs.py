"""Every program tells what docs/metrics.md lists, to whom it may, and promtool agrees."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest
from prometheus_client import generate_latest

pytest.importorskip("fastapi", reason="needs gleanery[server]")

from admin.metrics import AdminNumbers
from client_api.guard import Numbers
from commands.work_progress import WorkProgress
from crawlers.scrapyd.metrics import NodeNumbers
from gleanery.config import Config
from gleanery.scrape_door import may_scrape
from model_server.metrics import ServerMetrics
from monitoring.exporter import exporter_registry
from pipelines.work.metrics import WorkMetrics
from storage import StoreOptions, open_store
from tests.admin_site import admin_site
from tests.authority import Authority
from tests.client_api import running_api
from tests.conftest import wait_until
from tests.model_echo import engine_set
from tests.model_process import stub_process
from tests.monitoring.scraping import Scrape, documented, promtool, scrape
from tests.monitoring.serving import is_up
from tests.ports import free_ports
from tests.work_processes import put, started_worker

TOKEN = {"GLEANERY_METRICS_TOKEN": "a-token-for-scrapes"}
SHOWN = {"Authorization": "Bearer a-token-for-scrapes"}


def checked(seen: Scrape) -> Scrape:
    """What was told, once promtool and the page agree with it."""
    promtool("check", "metrics", given=seen.text)
    assert seen.names - documented() == set()
    assert "_created" not in seen.text
    return seen


@pytest.mark.slow
def test_the_admin_page_tells_prometheus_alone(tmp_path: Path):
    with admin_site(tmp_path) as site:
        nobody = site.client()
        nobody.post("/login", data={"user": "lee", "password": "wrong"})
        nobody.get("/no/such/page/0123")
        behind_proxy = httpx2.get(
            f"{site.url}/metrics", headers={"X-Forwarded-For": "192.0.2.1"}, timeout=60
        )
        seen = checked(scrape(site.url))
    with admin_site(tmp_path / "with-token", **TOKEN) as site:
        unknown = httpx2.get(f"{site.url}/metrics", timeout=60).status_code
        known = checked(scrape(site.url, **SHOWN))

    assert (behind_proxy.status_code, unknown) == (404, 404)
    assert seen("gleanery_admin_login_failures_total", reason="wrong") == 1
    assert seen("gleanery_admin_requests_total", method="POST", route="/login", status="401") == 1
    assert seen("gleanery_admin_live_streams") == 0
    assert "0123" not in seen.text
    assert known("gleanery_admin_login_failures_total", reason="wrong") == 0


@pytest.mark.slow
def test_client_api_and_model_server_tell_what_they_do(tmp_path: Path):
    with open_store("sqlite", tmp_path / "gleanery.db"):
        pass
    with running_api(tmp_path) as api:
        api.get("/v1/items")
        seen = checked(scrape(api.url))
    (tmp_path / "m").mkdir()
    server = stub_process(tmp_path / "m")
    server.start()
    models = checked(scrape(server.url.removesuffix("/mcp")))
    server.stop()

    assert seen("gleanery_api_requests_total", method="GET", route="/v1/items", status="200") == 1
    assert seen("gleanery_api_request_seconds_count", route="/v1/items") == 1
    assert models("gleanery_model_engine_ready", engine="trivial") == 1


@pytest.mark.slow
def test_a_worker_tells_how_its_steps_end(tmp_path: Path):
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    with open_store("sqlite", tmp_path / "gleanery.db"):
        pass
    put(tmp_path, "web:nothing")  # its item is not stored yet: it waits
    with started_worker(tmp_path, GLEANERY_WORK_METRICS_PORT=str(port), **TOKEN):
        wait_until(lambda: is_up(url), seconds=60)
        wait_until(lambda: httpx2.get(f"{url}/readyz", timeout=60).status_code == 200, seconds=60)
        wait_until(
            lambda: scrape(url, **SHOWN)("gleanery_worker_jobs_total", outcome="waiting"),
            seconds=60,
        )
        refused = httpx2.get(f"{url}/metrics", timeout=60).status_code
        seen = checked(scrape(url, **SHOWN))

    assert refused == 401
    assert "gleanery_worker_step_seconds" in seen.names


@pytest.mark.slow
def test_the_page_lists_nothing_that_nobody_tells(
    tmp_path: Path, redis_url: str, mysql_server: str, mongodb_server: str
):
    """With real MySQL, MongoDB and Redis every source answers; the others by their registries."""
    config = Config(
        home=tmp_path, store="mysql+mongodb", redis_url=redis_url, mysql_url=mysql_server,
        mongodb_url=mongodb_server, metrics_certificates=(str(Authority(tmp_path / "ca").ca),),
        media_url=str(tmp_path / "media"),
    )  # fmt: skip
    options = StoreOptions(mysql_url=mysql_server, mongodb_url=mongodb_server)
    open_store("mysql+mongodb", "", options).init()

    told = checked(Scrape(generate_latest(exporter_registry(config)).decode()))

    up = {dict(k)["source"]: v for (name, k), v in told.samples.items() if name == "gleanery_up"}
    assert set(up.values()) == {1}, up
    assert {"mysql", "mongodb", "redis", "store", "jobs", "certificates", "media"} <= set(up)
    assert (told("gleanery_mysql_bytes") or 0) > 0
    assert (told("gleanery_redis_memory_bytes") or 0) > 0
    others = [AdminNumbers().registry, Numbers().registry, NodeNumbers(config).registry,
              WorkMetrics(WorkProgress(terminal=False)).registry,
              ServerMetrics(engine_set()).registry]  # fmt: skip
    names = told.names.union(*(Scrape(generate_latest(r).decode()).names for r in others))
    assert documented() - names == set()


@pytest.mark.parametrize(
    ("token", "headers", "peer", "allowed"),
    [
        ("", {}, "127.0.0.1", True),
        ("", {}, "::1", True),
        ("", {}, "192.0.2.7", False),
        ("", {}, "", False),
        ("", {"x-forwarded-for": "192.0.2.7"}, "127.0.0.1", False),
        ("", {"forwarded": "for=192.0.2.7"}, "127.0.0.1", False),
        ("t", {}, "127.0.0.1", False),
        ("t", {"authorization": "Bearer t"}, "192.0.2.7", True),
        ("t", {"authorization": "Bearer u"}, "127.0.0.1", False),
        ("t", {"authorization": "Bearer 트"}, "127.0.0.1", False),
    ],
)
def test_who_may_scrape(token, headers, peer, allowed):
    assert may_scrape(token, headers, peer) is allowed
