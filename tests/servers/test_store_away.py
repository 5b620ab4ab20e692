"""A store that goes away in mid-crawl: items wait in the spool, nothing is lost or repeated."""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack

import pytest

from storage import StoreOptions, open_store
from tests.cli import gleanery
from tests.conftest import missing_server, wait_until
from tests.crawl import start_crawl
from tests.graph_site import GraphSite
from tests.store_servers import (
    has_mongodb,
    mariadb_program,
    prepare_mariadb,
    running_mariadb,
    running_mongodb,
    skip_without,
)

PAGES = 121
TREE = {n: [3 * n + 1, 3 * n + 2, 3 * n + 3] for n in range(40)}
STOPPED = [signal.SIGSTOP, signal.SIGKILL]


class Servers:
    """MariaDB and the server that speaks MongoDB's protocol, each to be stopped or killed."""

    def __init__(self, tmp_path_factory) -> None:
        skip_without("pymysql")
        skip_without("pymongo")
        if mariadb_program() is None:
            missing_server("mariadb-server")
        if not has_mongodb():
            missing_server("secantusdb")
        self.folders = {name: tmp_path_factory.mktemp(name) for name in ("m", "g")}
        self.stacks = {name: ExitStack() for name in self.folders}
        self.processes, self.urls = {}, {}
        prepare_mariadb(self.folders["m"])
        self.start("m")
        self.start("g")
        self.options = StoreOptions(mysql_url=self.urls["m"], mongodb_url=self.urls["g"])
        self.store = open_store("mysql+mongodb", "", self.options)
        self.store.init()

    def start(self, name: str) -> None:
        """Run one over the files that it has."""
        if name == "m":
            running = running_mariadb(self.folders[name])
        else:
            known = self.urls.get(name, "mongodb://h:0/").split("/")[2].rpartition(":")[2]
            running = running_mongodb(self.folders[name], port=int(known))
        self.processes[name], self.urls[name] = self.stacks[name].enter_context(running)

    def stop(self, name: str, how: signal.Signals) -> None:
        self.processes[name].send_signal(how)
        if how == signal.SIGKILL:
            self.processes[name].wait()
            self.stacks[name].close()

    def go_on(self, name: str) -> None:
        if self.processes[name].poll() is None:
            self.processes[name].send_signal(signal.SIGCONT)
        else:
            self.start(name)

    def environment(self) -> dict[str, str]:
        return {
            "GLEANERY_STORE": "mysql+mongodb",
            "GLEANERY_MYSQL_URL": self.urls["m"],
            "GLEANERY_MONGODB_URL": self.urls["g"],
            "GLEANERY_STORE_TIMEOUT_SECONDS": "2",
        }

    def stored(self) -> list[int]:
        """Page of every item; both servers have been asked."""
        with self.store as store:
            rows = [int(row["external_id"]) for row in store.scan()]
            assert store.stats(classified_kinds=[]).total == len(rows)
        return sorted(rows)

    def close(self) -> None:
        for stack in self.stacks.values():
            stack.close()


@pytest.fixture
def servers(tmp_path_factory):
    servers = Servers(tmp_path_factory)
    yield servers
    for process in servers.processes.values():
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
    servers.close()


def crawl(servers, site, home, **settings):
    ours = {"SPIDER_MODULES": "tests.spiders", "CONCURRENT_REQUESTS_PER_DOMAIN": 8} | settings
    return start_crawl(
        "graph", home, settings=ours, env=servers.environment(), page=f"{site.url}/page/0",
        max_depth=9,
    )  # fmt: skip


def log_of(home) -> str:
    return (home / "crawl.log").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("how", STOPPED, ids=["stopped", "killed"])
@pytest.mark.parametrize("name", ["m", "g"], ids=["mysql", "mongodb"])
def test_items_wait_while_a_server_is_away_and_arrive_when_it_is_back(servers, tmp_path, name, how):
    with (
        GraphSite(TREE, jitter=0.2) as site,
        crawl(servers, site, tmp_path, FRONTIER_LEASE_SECONDS=3) as running,
    ):
        wait_until(lambda: len(site.fetched) > 15, seconds=60)
        servers.stop(name, how)
        wait_until(lambda: list(tmp_path.glob("spool/*/*.seg")), seconds=60)
        wait_until(lambda: "half as many requests at once" in log_of(tmp_path), seconds=60)
        before = len(site.fetched)
        wait_until(lambda: len(site.fetched) > before, seconds=60)
        wait_until(lambda: list(tmp_path.glob("metrics/*.prom")), seconds=60)
        assert gleanery(tmp_path, "db", "check", **servers.environment()).returncode == 1
        servers.go_on(name)
        assert running.wait(180) == 0
    # it may have ended before the server was back
    assert gleanery(tmp_path, "db", "replay", **servers.environment()).returncode == 0

    assert servers.stored() == list(range(PAGES))
    assert sorted(site.fetched) == list(range(PAGES))
    assert not list(tmp_path.glob("spool/*/*.seg"))
    assert gleanery(tmp_path, "db", "check", **servers.environment()).returncode == 0


@pytest.mark.slow
def test_a_full_spool_pauses_the_crawl_until_the_store_is_back(servers, tmp_path):
    with (
        GraphSite(TREE, jitter=0.1) as site,
        crawl(servers, site, tmp_path, SPOOL_MAX_BYTES=6000, FRONTIER_LEASE_SECONDS=2) as running,
    ):
        wait_until(lambda: len(site.fetched) > 15, seconds=60)
        servers.stop("m", signal.SIGKILL)
        wait_until(lambda: "the crawl pauses" in log_of(tmp_path), seconds=60)
        time.sleep(1)
        rested = len(site.fetched)
        time.sleep(4)  # twice a lease
        assert (len(site.fetched), running.poll()) == (rested, None)
        servers.go_on("m")
        assert running.wait(180) == 0

    assert rested < PAGES
    assert servers.stored() == list(range(PAGES))
    assert sorted(site.fetched) == list(range(PAGES))


@pytest.mark.slow
def test_a_crawl_that_is_stopped_meanwhile_leaves_its_items_to_the_command(servers, tmp_path):
    with GraphSite(TREE, jitter=0.1) as site:
        with crawl(servers, site, tmp_path, SPOOL_MAX_BYTES=6000) as running:
            wait_until(lambda: len(site.fetched) > 15, seconds=60)
            servers.stop("g", signal.SIGKILL)
            wait_until(lambda: "the crawl pauses" in log_of(tmp_path), seconds=60)
            running.send_signal(signal.SIGTERM)
            running.wait(180)
        servers.go_on("g")
        replayed = gleanery(tmp_path, "db", "replay", "--json", **servers.environment())
        before = servers.stored()
        with crawl(servers, site, tmp_path, SPOOL_MAX_BYTES=6000) as running:
            assert running.wait(180) == 0

    assert replayed.returncode == 0
    assert replayed.json["saved"] > 0
    assert 0 < len(before) < PAGES
    assert servers.stored() == list(range(PAGES))
