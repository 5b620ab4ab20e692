"""Budgets counted over several workers on one Redis: what they stop, and how far beyond."""

from __future__ import annotations

import json

import pytest
from redis import Redis

from tests.frontier_workers import CRAWL, run_workers_at_once
from tests.graph_site import GraphSite

WORKERS, JOBS = 2, 8
TREE = {n: [3 * n + 1, 3 * n + 2, 3 * n + 3] for n in range(3000)}
TEXT = "x" * 2000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("budget", "limit"), [("max_items", 60), ("max_bytes", 150_000), ("max_seconds", 4)]
)
def test_a_spent_budget_ends_all_workers_with_at_most_what_was_under_way(
    redis_url, tmp_path, budget, limit
):
    """Beyond it comes no more than each worker had under way: ``CONCURRENT_REQUESTS`` pages."""
    with GraphSite(TREE, texts=dict.fromkeys(range(9999), TEXT), jitter=0.1) as site:
        setting = {f"FRONTIER_{budget.upper()}": limit, "CONCURRENT_REQUESTS": JOBS}
        codes = run_workers_at_once(
            redis_url, tmp_path, WORKERS, page=f"{site.url}/page/0", **setting
        )
    with Redis.from_url(redis_url, decode_responses=True) as client:
        items, size = (int(client.hget(f"{CRAWL}meta", name)) for name in ("items", "bytes"))
        queued = client.hvals(f"{CRAWL}queued")
        in_flight = client.hvals(f"{CRAWL}inflight")
    reports = [json.loads(path.read_text("utf-8")) for path in tmp_path.glob("w*/jobs/*.json")]

    assert codes == [0] * WORKERS
    assert [report["reason"] for report in reports] == [budget] * WORKERS
    assert all(report["stats"].get("item_scraped_count") for report in reports)
    assert sum(map(int, queued)) > 0
    assert in_flight == []
    assert items == sum(report["stats"]["item_scraped_count"] for report in reports)
    beyond = WORKERS * JOBS
    if budget == "max_items":
        assert limit <= items <= limit + beyond
    if budget == "max_bytes":
        assert limit <= size <= limit + beyond * (len(TEXT) + 300)
