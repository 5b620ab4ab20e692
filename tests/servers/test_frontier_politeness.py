"""Politeness, order and budgets over several workers on one Redis."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from itertools import pairwise

import pytest

from tests.crawl import start_crawl
from tests.graph_site import GraphSite

FAN = {0: list(range(1, 13))}
LEEWAY_SECONDS = 0.3
"""Connecting and starting up take time on a busy machine, between a lease and the site."""


def run_workers(number, redis_url, tmp_path, start_page, max_depth=9, **settings):
    """Run ``number`` workers to their end; return their exit codes."""
    ours = {
        "SPIDER_MODULES": "tests.spiders",
        "FRONTIER_CRAWL": "graph",
        "REDIS_URL": redis_url,
        "STORE_PATH": str(tmp_path / "store.db"),
        "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    } | settings
    with ExitStack() as stack:
        workers = [
            stack.enter_context(
                start_crawl(
                    "graph", tmp_path / f"w{n}", settings=ours, page=start_page, max_depth=max_depth
                )
            )
            for n in range(number)
        ]
        return [worker.wait(180) for worker in workers]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("robots", "settings"),
    [("", {"DOWNLOAD_DELAY": 1}), ("User-agent: *\nCrawl-delay: 1\n", {})],
    ids=["setting", "Crawl-delay of robots.txt"],
)
def test_three_workers_together_keep_the_delay_of_a_host(redis_url, tmp_path, robots, settings):
    with GraphSite(FAN, robots=robots) as site:
        codes = run_workers(3, redis_url, tmp_path, f"{site.url}/page/0", **settings)

    assert codes == [0, 0, 0]
    assert sorted(site.fetched) == list(range(13))
    gaps = [after - before for before, after in pairwise(site.times)]
    assert [gap for gap in gaps[1:] if gap < 1 - LEEWAY_SECONDS] == []


class CountingSite(GraphSite):
    """Notes how many pages are asked for at once."""

    def __init__(self, *args, **kwargs):
        self.now, self.most = 0, 0
        self._counting = threading.Lock()
        super().__init__(*args, **kwargs)

    def page(self, number):
        with self._counting:
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            return super().page(number)
        finally:
            with self._counting:
                self.now -= 1


@pytest.mark.slow
@pytest.mark.parametrize(("limit", "most"), [(3, range(2, 4)), (0, range(4, 33))])
def test_two_workers_together_ask_a_host_no_more_at_once_than_allowed(
    redis_url, tmp_path, limit, most
):
    """Without a limit each of them keeps its own."""
    with CountingSite({0: list(range(1, 60))}, jitter=0.2) as site:
        codes = run_workers(
            2, redis_url, tmp_path, f"{site.url}/page/0", FRONTIER_HOST_CONCURRENCY=limit
        )

    assert codes == [0, 0]
    assert sorted(site.fetched) == list(range(60))
    assert site.most in most


@pytest.mark.slow
def test_relaxed_order_skips_no_page_that_a_depth_limit_allows(redis_url, tmp_path):
    """A page met first on a long way is queued anew when a shorter one is found."""
    chain = {n: [n + 1] for n in range(1, 40)}
    links = chain | {0: [1, 60], 60: [5, 10, 20], 5: [6, 30], 20: [21, 35]}
    with GraphSite(links, jitter=0.2) as site:
        run_workers(3, redis_url, tmp_path, f"{site.url}/page/0", 6, FRONTIER_ORDER="relaxed")

    level, todo = {0: 0}, [0]
    for page in todo:
        for child in links.get(page, []):
            if child not in level and level[page] < 6:
                level[child] = level[page] + 1
                todo.append(child)
    assert set(site.fetched) == set(level)


def test_a_budget_of_pages_is_counted_over_all_workers(redis_url, tmp_path):
    tree = {n: [3 * n + 1, 3 * n + 2, 3 * n + 3] for n in range(40)}
    with GraphSite(tree, jitter=0.05) as site:
        run_workers(3, redis_url, tmp_path, f"{site.url}/page/0", FRONTIER_MAX_PAGES=50)

    assert len(site.fetched) == 50
    logs = [path.read_text("utf-8") for path in tmp_path.glob("w*/crawl.log")]
    assert all("Closing spider (max_pages)" in log for log in logs)
