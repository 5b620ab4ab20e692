"""``kill -9`` of the crawl and of both servers at random moments: every item exactly once.

Twelve kills, four of each, over fifty pages of a hundred items.
"""

from __future__ import annotations

import random
import signal
import time

import pytest

from tests.cli import gleanery
from tests.crawl import start_crawl
from tests.graph_site import GraphSite
from tests.servers.test_store_away import Servers

ITEMS, PAGES = 5000, 50


@pytest.fixture
def servers(tmp_path_factory):
    servers = Servers(tmp_path_factory)
    yield servers
    servers.close()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_item_is_stored_once_whoever_is_killed(servers, tmp_path):
    chance = random.Random(0)

    def start():
        return start_crawl(
            "burst", tmp_path, settings={"SPIDER_MODULES": "tests.spiders"},
            env=servers.environment(), page=f"{site.url}/page/0", items=ITEMS, pages=PAGES,
        )  # fmt: skip

    victims = ["crawl", "m", "g"] * 4
    chance.shuffle(victims)
    with GraphSite({}) as site:
        running = start()
        for victim in victims:
            time.sleep(chance.uniform(0.5, 4))
            if running.poll() is not None:  # it does not start on a store that is away
                running = start()
            if victim == "crawl":
                running.kill()
                running.wait()
                running = start()
            else:
                servers.stop(victim, signal.SIGKILL)
                time.sleep(chance.uniform(0, 4))
                servers.go_on(victim)
        while running.wait(300) != 0:
            running = start()
    assert gleanery(tmp_path, "db", "replay", **servers.environment()).returncode == 0

    assert {*site.fetched} == {*range(PAGES)}
    assert servers.stored() == list(range(ITEMS))
