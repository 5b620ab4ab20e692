"""One node's manifests as processes: a crawl outlives restarts and is found at the edge."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from k8s.lint.rendering import Json
from k8s.lint.stacks import Stack
from tests.conftest import wait_until
from tests.graph_site import GraphSite
from tests.k8s.databases import Databases
from tests.k8s.edge import Edge, running_edge
from tests.k8s.processes import Processes
from tests.k8s.service import Service, running_service
from tests.monitoring.scraping import scrape
from tests.web import article_html

pytest.importorskip("scrapyd", reason="needs gleanery[server]")
PAGES = 24
ALL = 10 * PAGES
"""Room for pages that are fetched anew after a restart, too."""
ENDED = {0, -15}
"""In good order: twistd and uvicorn end by the signal that they were told to end by."""
LOCAL = {
    "GLEANERY_STORE_TIMEOUT_SECONDS": "10",
    "GLEANERY_ALLOWED_ADDRESSES": "127.0.0.0/8",
    "GLEANERY_MODEL_ENGINE": "stub",
    "GLEANERY_TEST_ENGINES": "1",
}
"""Nobody waits long for a store that is away, the site of the test may be crawled, and no model
takes the processors that all of it shares."""
DOORS = ("admin", "client")
OURS = ("model", "crawl", *DOORS, "worker", "exporter")
API, ADMIN = "api.gleanery.example", "admin.gleanery.example"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_crawl_outlives_restarts_and_is_found_at_the_edge(tmp_path, rendered):
    objects = rendered(Stack("wsl", ("ingress", "monitoring")))
    secrets = named(objects, "Secret", "passwords")
    links: dict[int, list[int | str]] = {0: [*range(1, PAGES)]}
    texts = {n: article_html(f"page {n}") for n in range(PAGES)}
    with Databases(tmp_path, decoded(secrets)) as databases:
        tell(objects, **LOCAL, **databases.addresses)
        with (
            HeldSite(links, texts=texts) as site,
            Processes(objects, tmp_path) as pods,
            running_service(pods.ports[8765]) as model,
        ):
            pods.services[8765] = model.port
            tell(objects, GLEANERY_SCRAPYD_PORT=pods.address("crawl").rpartition(":")[2])
            begin(pods)
            targets = {each: int(pods.address(each).rpartition(":")[2]) for each in DOORS}
            (ingress,) = pods.world.of("Ingress")
            with (
                running_edge(ingress, tmp_path / "edge", targets) as edge,
                asking(pods, edge) as door,
            ):
                schedule(pods, secrets, f"{site.url}/page/0")
                site.let(6)
                with door.stores_away():
                    restart_stores(databases, site, pods)
                site.let(ALL)
                restart_all(pods, edge, model)
                wait_until(lambda: len(set(site.fetched)) == PAGES, seconds=180)
                wait_until(lambda: len(door.items()) == PAGES, seconds=60, every_seconds=0.5)

                assert door.items() == Counter(f"{site.url}/page/{n}" for n in range(PAGES))
                assert door.status("/v1/items", key="") == 401
                assert door.status("/metrics") == 404
            assert set(door.answers) == {200}, door.answers
            assert set(door.answers_without_stores) <= {200, 503}, door.answers_without_stores
            wait_until(lambda: sources_away(pods, secrets) == [], seconds=60, every_seconds=1)
            assert {pods.stop(name) for name in (*OURS, "redis")} <= ENDED


class HeldSite(GraphSite):
    """Gives out as many pages as it is told to."""

    def __init__(self, links: dict[int, list[int | str]], *, texts: dict[int, str]) -> None:
        self._room = threading.Semaphore(0)
        super().__init__(links, texts=texts)

    def let(self, pages: int) -> None:
        """Give out so many more; unless these are all, wait until they are fetched."""
        wanted = len(set(self.fetched)) + pages
        self._room.release(pages)
        if pages < ALL:
            wait_until(lambda: len(set(self.fetched)) >= wanted, seconds=120)

    def page(self, number: int) -> bytes:
        self._room.acquire()
        return super().page(number)


def begin(pods: Processes) -> None:
    """Bring up what the manifests bring up, in the order in which it gets ready."""
    start(pods, "redis")
    pods.complete("databases")
    for name in OURS:
        start(pods, name)
    wait_until(lambda: all(map(pods.is_ready, OURS)), seconds=180, every_seconds=0.3)


def start(pods: Processes, name: str) -> None:
    """Start a pod's program; Redis' port is in no variable and no argument."""
    pods.start(name, *(["--port", str(pods.ports[6379])] if name == "redis" else []))


def restart_stores(databases: Databases, site: HeldSite, pods: Processes) -> None:
    """Restart MySQL, then MongoDB; what is fetched meanwhile waits in the crawl's spool."""
    for name in databases.ports:
        databases.stop(name)
        site.let(3)
        wait_until(lambda: spooled(pods), seconds=60)
        databases.start(name)
        wait_until(lambda: not spooled(pods), seconds=60)
    wait_until(lambda: all(map(pods.is_ready, OURS)), seconds=60, every_seconds=0.3)


def spooled(pods: Processes) -> list[Path]:
    return [*pods.folder.glob("crawl-data/spool/*/*.seg")]


def restart_all(pods: Processes, edge: Edge, model: Service) -> None:
    """Restart each process as its workload's strategy does, one after the other."""
    for name in ("redis", "crawl", "exporter"):  # one that is there at a time
        assert pods.stop(name) in ENDED
        start(pods, name)
    wait_until(lambda: all(map(pods.is_ready, OURS)), seconds=60, every_seconds=0.3)
    moves = {
        "model": model.move,
        "admin": lambda port: edge.move("admin", port),
        "client": lambda port: edge.move("client", port),
        "worker": lambda _: None,
    }
    assert {pods.replace(name, move) for name, move in moves.items()} <= ENDED


def schedule(pods: Processes, secrets: Json, url: str) -> None:
    asked = {"project": "default", "spider": "google", "urls": url, "setting": "DOWNLOAD_DELAY=0.3"}
    answer = httpx2.post(
        f"{pods.address('crawl')}/schedule.json",
        data=asked,
        auth=("gleanery", decoded(secrets)["scrapyd"]),
        timeout=60,
    )
    assert answer.json()["status"] == "ok", answer.text


def sources_away(pods: Processes, secrets: Json) -> list[str]:
    """Ask the exporter; its first answers leave out what takes long to open."""
    told = scrape(pods.address("exporter"), **bearer(decoded(secrets)["metrics"]))
    ups = {dict(k)["source"]: v for (name, k), v in told.samples.items() if name == "gleanery_up"}
    assert {"frontier", "redis", "mysql", "mongodb", "jobs", "work"} <= set(ups)
    return [source for source, up in ups.items() if not up]


class Door:
    """The client API as others reach it, asked all the time."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = url, key
        self._client = httpx2.Client(timeout=60, trust_env=False, verify=False)
        self.answers: Counter[int | str] = Counter()
        self.answers_without_stores: Counter[int | str] = Counter()
        self._stores_away = False
        self.ended = threading.Event()

    def close(self) -> None:
        self._client.close()

    def ask(self, path: str, key: str | None = None) -> httpx2.Response:
        shown = self.key if key is None else key
        headers = {"Host": API} | (bearer(shown) if shown else {})
        return self._client.get(f"{self.url}{path}", headers=headers)

    def login(self) -> int:
        """Ask for a page of the admin."""
        answer = self._client.get(f"{self.url}/login", headers={"Host": ADMIN})
        return int(answer.status_code)

    def status(self, path: str, key: str | None = None) -> int:
        return int(self.ask(path, key).status_code)

    def items(self) -> Counter[str]:
        """Addresses of all items; the pages of a list are joined."""
        found: Counter[str] = Counter()
        page: Any = {"next": None}
        while True:
            cursor = f"&cursor={page['next']}" if page["next"] else ""
            page = self.ask(f"/v1/items?limit=100{cursor}").json()
            found.update(each["url"] for each in page["items"])
            if not page["next"]:
                return found

    @contextmanager
    def stores_away(self) -> Iterator[None]:
        """Count the answers to what is asked within the block by themselves."""
        self._stores_away = True
        yield
        self._stores_away = False

    def keep_asking(self) -> None:
        while not self.ended.is_set():
            for ask in (lambda: self.status("/v1/items?limit=1"), self.login):
                away = self._stores_away
                try:
                    answer: int | str = ask()
                except httpx2.HTTPError as error:
                    answer = repr(error)
                counts = self.answers_without_stores if away or self._stores_away else self.answers
                counts[answer] += 1
            time.sleep(0.2)


@contextmanager
def asking(pods: Processes, edge: Edge) -> Iterator[Door]:
    words = ["gleanery", "api-keys", "create", "tests", "--json", "--per-minute", "100000"]
    made = pods.run("admin", words)
    assert made.returncode == 0, made.stderr
    door = Door(edge.url, json.loads(made.stdout)["key"])
    thread = threading.Thread(target=door.keep_asking)
    thread.start()
    try:
        yield door
    finally:
        door.ended.set()
        thread.join()
        door.close()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def decoded(secret: Json) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


def named(objects: list[Json], kind: str, name: str) -> Json:
    """A generated object, by its name before the hash."""
    return next(e for e in objects if e["kind"] == kind and e["metadata"]["name"][:-11] == name)


def tell(objects: list[Json], **settings: str) -> None:
    """Change the ConfigMap of settings, as an overlay of one's own would."""
    named(objects, "ConfigMap", "settings")["data"].update(settings)
