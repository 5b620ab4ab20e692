"""``kill -9`` of the crawl and of both servers at random moments: every item exactly once.

Four kills of each over fifty pages of a hundred items; ``GLEANERY_TEST_KILLS=10`` for ten of each.
The site gives some pages out for each kill, so that all of them strike a crawl under way.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time

import pytest

from tests.cli import gleanery
from tests.crawl import start_crawl
from tests.graph_site import GraphSite
from tests.servers.test_store_away import Servers

ITEMS, PAGES = 5000, 50
KILLS = int(os.environ.get("GLEANERY_TEST_KILLS", "4"))
"""Of each; at most 15, so that there is a page for each."""


class SlowSite(GraphSite):
    """Answers with no more different pages than it is told to; who asks for another one waits."""

    def __init__(self) -> None:
        super().__init__({})
        self.given, self._change = 0, threading.Condition()

    def page(self, number: int) -> bytes:
        with self._change:
            self._change.wait_for(lambda: number in self.fetched or self.left)
            return super().page(number)

    @property
    def left(self) -> int:
        """How many more there are."""
        return self.given - len({*self.fetched})

    def give(self, pages: int) -> None:
        with self._change:
            self.given = pages
            self._change.notify_all()


@pytest.fixture
def servers(tmp_path_factory):
    servers = Servers(tmp_path_factory)
    yield servers
    servers.close()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_item_is_stored_once_whoever_is_killed(servers, tmp_path):
    chance = random.Random(0)

    def start():
        return start_crawl(
            "burst", tmp_path, settings={"SPIDER_MODULES": "tests.spiders"},
            env=servers.environment(), page=f"{site.url}/page/0", items=ITEMS, pages=PAGES,
        )  # fmt: skip

    victims = ["crawl", "m", "g"] * KILLS
    chance.shuffle(victims)
    with SlowSite() as site:
        running = start()
        for number, victim in enumerate(victims, 1):
            site.give(number * PAGES // (len(victims) + 1))
            while site.left:
                time.sleep(0.05)
                if running.poll() is not None:  # it does not start on a store that is away
                    running = start()
            time.sleep(chance.uniform(0, 2))
            if victim == "crawl":
                running.kill()
                running.wait()
                running = start()
            else:
                servers.stop(victim, signal.SIGKILL)
                time.sleep(chance.uniform(0, 4))
                servers.go_on(victim)
        struck = len({*site.fetched})
        site.give(PAGES)
        while running.wait(300) != 0:
            running = start()
    assert gleanery(tmp_path, "db", "replay", **servers.environment()).returncode == 0

    assert struck < PAGES
    assert {*site.fetched} == {*range(PAGES)}
    assert servers.stored() == list(range(ITEMS))
