"""What Prometheus reads of a crawl is what its job, its queue and its store say."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

pytest.importorskip("scrapyd", reason="needs gleanery[server]")

from crawlers.frontier.sqlite_control import SqliteControl
from storage import open_store
from tests.conftest import wait_until
from tests.graph_site import GraphSite
from tests.monitoring.scraping import documented, promtool, scrape
from tests.monitoring.serving import exporter
from tests.scrapyd_nodes import Node, job_of

TREE: dict[int, list[int | str]] = {0: [1, 2], 1: [3, 4], 2: [], 3: [], 4: []}
TEXTS = {n: f"Page {n} tells a story of its own about number {n}. " * 20 for n in range(5)}
TOKEN = "a-token-for-scrapes"
ENV = {"GLEANERY_METRICS_TOKEN": TOKEN, "GLEANERY_METRICS_ITEMS_SECONDS": "1"}
SHOWN = {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.slow
def test_a_crawl_is_told_as_its_job_its_queue_and_its_store_know_it(tmp_path: Path):
    with (
        GraphSite(TREE, texts=TEXTS) as site,
        Node(tmp_path) as node,
        exporter(tmp_path, **ENV) as url,
    ):
        wait_until(node.answers, seconds=60)
        before = scrape(url, **SHOWN)
        refused = httpx2.get(f"{url}/metrics", timeout=60).status_code
        arguments = {"urls": f"{site.url}/page/0", "max_depth": "2", "jobid": "told"}
        node.post("schedule.json", ("project", "default"), ("spider", "google"),
                  *arguments.items(), ("setting", "FRONTIER_CRAWL=tree"))  # fmt: skip
        wait_until(lambda: job_of(tmp_path, "told").ended_at, seconds=90)
        wait_until(
            lambda: scrape(url, **SHOWN)("gleanery_job_events_total", event="finished") == 1,
            seconds=60,
        )
        wait_until(lambda: (scrape(url, **SHOWN)("gleanery_items") or 0) >= 3, seconds=60)
        seen, on_node = scrape(url, **SHOWN), scrape(node.url)

    job = job_of(tmp_path, "told")
    report = SqliteControl(tmp_path / "frontier" / "tree.db", "tree").stats()
    with open_store("sqlite", tmp_path / "gleanery.db") as store:
        stored = store.stats(classified_kinds=[])
    assert refused == 401
    assert before.total("gleanery_crawl_pages_total") == 0
    stats = job.stats
    assert seen("gleanery_crawl_pages_total", spider="google") == stats["response_received_count"]
    assert (
        seen("gleanery_crawl_requests_total", spider="google")
        == (stats["downloader/request_count"])
    )
    assert seen.total("gleanery_crawl_items_total", spider="google") == stored.total >= 3
    assert seen("gleanery_items") == stored.total
    assert seen("gleanery_jobs", state="finished") == 1
    assert seen("gleanery_frontier_done_total", crawl="tree") == report.done >= 3
    assert {
        row.depth: seen("gleanery_frontier_requests", crawl="tree", depth=str(row.depth),
                        state="done")
        for row in report.depths
    } == {row.depth: row.done for row in report.depths}  # fmt: skip
    assert seen("gleanery_node_slots", node="one") == 2
    assert on_node("gleanery_scrapyd_jobs_total", spider="google", state="finished") == 1
    assert (on_node("gleanery_home_free_bytes") or 0) > 0
    for each in (seen, on_node):
        assert each.names - documented() == set()
        promtool("check", "metrics", given=each.text)
