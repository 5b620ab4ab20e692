"""Breadth-first order over many workers on one Redis, whatever the latency."""

from __future__ import annotations

import json
import re
import threading
from collections import defaultdict
from contextlib import contextmanager

import pytest
from redis import Redis

from tests.frontier_workers import CRAWL, run_workers_at_once
from tests.graph_site import GraphSite

PAGES, LIMIT = 364, 5
HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
PAGE = r'"url": "[^"]*/page/(\d+)"'
LEASE = rf'\d+;(\d+);([^;]*);[^;]*;[^;]*;{{"v": 1, {PAGE}'
WORKERS = [1, 3, pytest.param(8, marks=pytest.mark.slow)]


def links(number):
    """Three children, a link across, and one back: most pages have long and short ways."""
    found = [3 * number + 1, 3 * number + 2, 3 * number + 3, number * 7 % PAGES, number // 5]
    return [page for page in found if page < PAGES]


def addresses(port):
    """Each page lies on one of three hosts; all are this machine."""
    return [f"http://{HOSTS[page % 3]}:{port}/page/{page}" for page in range(PAGES)]


def levels():
    """Shortest way from page 0 to each page, in links."""
    level, todo = {0: 0}, [0]
    for page in todo:
        for child in links(page):
            if child not in level:
                level[child] = level[page] + 1
                todo.append(child)
    return level


LEVEL = levels()
WITHIN = {page for page, depth in LEVEL.items() if depth <= LIMIT}


@contextmanager
def site():
    with GraphSite({}, jitter=0.1, address="0.0.0.0") as graph:
        where = addresses(graph.server_port)
        graph.links |= {page: [where[child] for child in links(page)] for page in range(PAGES)}
        yield graph, where[0]


@contextmanager
def watched(redis_url):
    """Yield what each list of the queue takes in and gives out, in order, as Redis sees it."""
    came, went = defaultdict(list), defaultdict(list)

    def listen(monitor):
        for event in monitor.listen():
            verb, _, rest = event["command"].partition(" ")
            if (verb, rest) == ("ECHO", "enough"):
                return
            if verb == "RPUSH" and rest.startswith(f"{CRAWL}queue:"):
                key, _, entries = rest.partition(" ")
                came[key.split(":", 3)[3]] += map(int, re.findall(PAGE, entries))
            if verb == "HSET" and rest.startswith(f"{CRAWL}lease:"):
                for depth, host, page in re.findall(LEASE, rest):
                    went[f"{depth}:{host}"].append(int(page))

    with Redis.from_url(redis_url, socket_timeout=None) as client, client.monitor() as monitor:
        thread = threading.Thread(target=listen, args=(monitor,), daemon=True)
        thread.start()
        yield came, went
        client.echo("enough")
        thread.join(60)


def items(home):
    """Depth of each item in the workers' feeds."""
    lines = [line for feed in home.glob("w*/out.jsonl") for line in feed.read_text().splitlines()]
    return {int(row["external_id"]): row["depth"] for row in map(json.loads, lines)}


@pytest.mark.slow
@pytest.mark.parametrize("number", WORKERS)
def test_strict_order_is_exact_over_all_workers(redis_url, tmp_path, number):
    """None late, none at a wrong depth, none missing; first in, first out in a depth of a host."""
    with site() as (graph, start), watched(redis_url) as (came, went):
        codes = run_workers_at_once(redis_url, tmp_path, number, page=start, max_depth=LIMIT)

    assert codes == [0] * number
    depths = [LEVEL[page] for page in graph.fetched]
    assert depths == sorted(depths)
    assert sorted(graph.fetched) == sorted(WITHIN)
    assert items(tmp_path) == {page: LEVEL[page] for page in WITHIN}
    assert went == came
    assert {queue.split(":", 1)[1] for queue in came} == set(HOSTS)


@pytest.mark.slow
@pytest.mark.parametrize("number", WORKERS)
def test_relaxed_order_misses_nothing_over_all_workers(redis_url, tmp_path, number):
    with site() as (graph, start):
        codes = run_workers_at_once(
            redis_url, tmp_path, number, page=start, max_depth=LIMIT, FRONTIER_ORDER="relaxed"
        )

    assert codes == [0] * number
    assert set(graph.fetched) == WITHIN
    assert set(items(tmp_path)) == WITHIN


def test_one_worker_with_one_connection_is_a_textbook_search(redis_url, tmp_path):
    """Page by page: the order in which a queue in memory would take them."""
    small = {page: [3 * page + 1, 3 * page + 2, page // 2, page * 5 % 40] for page in range(20)}
    with GraphSite(small) as graph:
        run_workers_at_once(
            redis_url, tmp_path, 1, page=f"{graph.url}/page/0", CONCURRENT_REQUESTS=1
        )

    expected, todo = [0], [0]
    for page in todo:
        new = [c for c in dict.fromkeys(small.get(page, [])) if c not in expected]
        expected += new
        todo += new
    assert graph.fetched == expected


def test_a_page_under_way_on_two_ways_at_once_loses_no_children(redis_url, tmp_path):
    """The visit on the longer way fails and takes none of the other's children along."""
    links = {0: [1, 3], 1: [5], 3: [4], 4: [5], 5: [6]}
    pipelines = {"tests.spiders.flaky.CrossingPipeline": 790}
    with GraphSite(links) as graph:
        codes = run_workers_at_once(
            redis_url, tmp_path, 1, page=f"{graph.url}/page/0", max_depth=3,
            FRONTIER_ORDER="relaxed", ITEM_PIPELINES=json.dumps(pipelines),
        )  # fmt: skip

    assert codes == [0]
    assert {page: graph.fetched.count(page) for page in (5, 6)} == {5: 3, 6: 1}
