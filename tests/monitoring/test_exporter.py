"""The exporter over real queues, ledgers, spools and stores, and with some of them away."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.registry import Collector

pytest.importorskip("fastapi", reason="needs gleanery[server]")

from client_api.keys import create_key, revoke_key
from crawlers.frontier.protocol import Outbox
from gleanery.config import Config
from items import Post
from items.clock import utc_now
from monitoring.crawl_counts import MOST_SPIDERS, CrawlCounts
from monitoring.exporter import exporter_registry
from monitoring.source import Source
from monitoring.sources.frontier import FrontierSource
from monitoring.sources.jobs import JobsSource
from storage import configured_store
from storage.jobs import Job, open_jobs
from storage.spool.folders import spool_folder
from storage.spool.spool import Spool
from storage.work import open_queue
from tests.authority import Authority
from tests.contracts.frontier import RedisCrawl, push, workers
from tests.monitoring.scraping import Scrape
from tests.ports import free_ports


def told(config: Config) -> Scrape:
    """What a new exporter says."""
    return Scrape(generate_latest(exporter_registry(config)).decode())


def post(number: int) -> Post:
    return Post(platform="reddit", external_id=f"t3_{number}", url=f"https://e/{number}",
                fetched_at=utc_now(), category="food")  # fmt: skip


def test_an_empty_home_is_told_as_such_and_stays_empty(tmp_path: Path):
    """Looking makes no file: a wrong GLEANERY_HOME must not look like an empty one later."""
    seen = told(Config(home=tmp_path))

    away = [labels for (name, labels), value in seen.samples.items()
            if name == "gleanery_up" and value == 0]  # fmt: skip
    assert away == []
    assert seen("gleanery_jobs", state="running") == 0
    assert seen("gleanery_work_jobs", state="parked") == 0
    assert seen("gleanery_frontier_crawls") == 0
    assert (seen("gleanery_home_free_bytes") or 0) > 0
    assert [path.name for path in tmp_path.iterdir()] == []


def test_what_waits_is_told(tmp_path: Path):
    """Items in the store and its spool, jobs of the work queue, keys that end."""
    config = Config(home=tmp_path)
    with configured_store(config.scrapy_settings().get) as store:
        store.save([post(n) for n in range(3)])
        ends, _ = create_key(store, name="a", scopes=["read"], per_minute=1, days=10)
        gone, _ = create_key(store, name="b", scopes=["read"], per_minute=1, days=10)
        create_key(store, name="c", scopes=["read"], per_minute=1)
        revoke_key(store, gone.id)
        spool = Spool(spool_folder(tmp_path, store), max_bytes=10**6)
    spool.append([post(8), post(9)])
    with open_queue("", tmp_path) as queue:
        for name in "abc":
            queue.put(name, ["download"])
        queue.lease("me", 1)

    seen = told(config)

    assert seen("gleanery_items") == 3
    assert seen("gleanery_items_by_kind", kind="post") == 3
    assert seen("gleanery_items_by_category", category="food") == 3
    assert seen("gleanery_spool_items", spool=spool.name) == 2
    assert seen("gleanery_spool_max_bytes", spool=spool.name) == config.spool_max_bytes
    assert seen("gleanery_work_jobs", state="queued") == 2
    assert seen("gleanery_work_jobs", state="leased") == 1
    assert seen("gleanery_work_workers") == 1
    keys = {dict(labels)["key"]: value for (name, labels), value in seen.samples.items()
            if name == "gleanery_api_key_expiry_timestamp_seconds"}  # fmt: skip
    assert keys == {ends.id: pytest.approx(time.time() + 10 * 86400, abs=60)}


def test_jobs_are_counted_from_the_exporters_start_on_and_never_twice(tmp_path: Path):
    """Over attempts, between two looks, and after the end; what was before is left out."""
    ledger = open_jobs({"STORE": "sqlite"}.get, tmp_path)
    begin(ledger, "old", pages=100)
    registry, source = CollectorRegistry(), JobsSource(Config(home=tmp_path))
    registry.register(Unpaced(source))

    def look() -> Scrape:
        return Scrape(generate_latest(registry).decode())

    first = look()
    beat(ledger, "old", pages=130)
    begin(ledger, "quick", pages=7)
    ledger.end("quick", "finished", reason="finished")  # between two looks
    begin(ledger, "lost", pages=5)
    second = look()
    ledger.requeue("lost", "lost")
    begin(ledger, "lost", pages=2)
    third, fourth = look(), look()

    pages = [seen.total("gleanery_crawl_pages_total", spider="google")
             for seen in (first, second, third, fourth)]  # fmt: skip
    assert pages == [0, 30 + 7 + 5, 30 + 7 + 5 + 2, 44]
    assert fourth("gleanery_job_events_total", event="finished") == 1
    assert fourth("gleanery_job_events_total", event="lost") == 1
    assert fourth("gleanery_job_events_total", event="started") == 3
    assert fourth("gleanery_jobs", state="running") == 2
    assert fourth("gleanery_crawl_errors_total", spider="google", kind="blocked") == 2 * 3
    assert fourth("gleanery_crawl_responses_total", spider="google", status="4xx") == 3
    ledger.close()


def test_however_many_spiders_there_are_series_are_bounded():
    """Those beyond the first are told together, and none is left out."""
    counts = CrawlCounts()
    for n in range(2 * MOST_SPIDERS):
        counts.note(
            Job(job=str(n), spider=f"s{n}", started_at="9", stats={"item_dropped_count": 1})
        )

    (family,) = (f for f in counts.metrics() if f.name == "gleanery_crawl_dropped")

    assert len(family.samples) == MOST_SPIDERS + 1
    assert sum(each.value for each in family.samples) == 2 * MOST_SPIDERS


def test_a_source_that_is_away_takes_no_other_with_it(tmp_path: Path):
    """Redis refuses, MySQL and MongoDB do not listen: each is told, and the rest is there."""
    (port,) = free_ports(1)
    config = Config(
        home=tmp_path, store="mysql+mongodb", redis_url=f"redis://127.0.0.1:{port}/0",
        mysql_url=f"mysql://u@127.0.0.1:{port}/g", mongodb_url=f"mongodb://127.0.0.1:{port}/g",
    )  # fmt: skip

    seen = told(config)

    up = {dict(labels)["source"]: value for (name, labels), value in seen.samples.items()
          if name == "gleanery_up"}  # fmt: skip
    assert up == {
        "redis": 0, "frontier": 0, "work": 0, "mysql": 0, "mongodb": 0, "jobs": 0, "store": 0,
        "items": 0, "api_keys": 0, "spool": 1, "disk": 1,
    }  # fmt: skip
    assert (seen("gleanery_home_size_bytes") or 0) > 0


async def test_crawls_in_redis_are_told_by_depth_and_state(tmp_path: Path, redis_url: str):
    """Deep levels are told together; a crawl that was dropped is told no more."""
    crawl = RedisCrawl(redis_url, "deep")
    pushes = [push(n, depth) for n, depth in enumerate((0, 0, 3, 11, 12))]
    async with workers(crawl, "w", strict=False) as queue:
        found = await queue.exchange(Outbox(pushes=pushes), want=2)
        await queue.exchange(Outbox(ended=[(found.leases[0].id, "done")], items=4, size=50))
        registry, source = (
            CollectorRegistry(),
            FrontierSource(Config(home=tmp_path, redis_url=redis_url)),
        )
        registry.register(Unpaced(source))
        seen = Scrape(generate_latest(registry).decode())
    crawl.control().pause()
    paused = Scrape(generate_latest(registry).decode())
    crawl.control().drop()
    dropped = Scrape(generate_latest(registry).decode())
    crawl.close()

    states = {(d["depth"], d["state"]): value for (name, labels), value in seen.samples.items()
              if name == "gleanery_frontier_requests" and value
              for d in [dict(labels)]}  # fmt: skip
    assert states == {
        ("0", "done"): 1, ("0", "in_flight"): 1, ("3", "queued"): 1, ("10+", "queued"): 2,
    }  # fmt: skip
    assert seen("gleanery_frontier_done_total", crawl="deep") == 1
    assert seen("gleanery_frontier_items_total", crawl="deep") == 4
    assert seen("gleanery_frontier_bytes_total", crawl="deep") == 50
    assert seen("gleanery_frontier_workers", crawl="deep") == 1
    assert (seen("gleanery_frontier_oldest_lease_seconds", crawl="deep") or 0) >= 0
    assert seen("gleanery_frontier_paused", crawl="deep") == 0
    assert paused("gleanery_frontier_paused", crawl="deep") == 1
    assert dropped("gleanery_frontier_done_total", crawl="deep") is None


@pytest.mark.slow
def test_a_redis_that_says_nothing_does_not_hold_up_a_scrape_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("monitoring.exporter.ANSWER_SECONDS", 10)  # redis is asked for 20
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        registry = exporter_registry(
            Config(home=tmp_path, redis_url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        )
        seen = [Scrape(generate_latest(registry).decode()) for _ in range(2)]

    assert [s("gleanery_up", source="redis") for s in seen] == [0, 0]
    assert [s("gleanery_up", source="disk") for s in seen] == [1, 1]


def test_the_end_of_certificates_is_told(tmp_path: Path):
    file, broken = Authority(tmp_path).ca, tmp_path / "broken.pem"
    broken.write_text("no certificate")

    good = told(Config(home=tmp_path, metrics_certificates=(str(file),)))
    bad = told(Config(home=tmp_path, metrics_certificates=(str(file), str(broken))))

    end = good("gleanery_certificate_expiry_timestamp_seconds", certificate=str(file))
    assert end is not None
    assert end > time.time()
    assert bad("gleanery_up", source="certificates") == 0


class Unpaced(Collector):
    """A source that is read at each scrape, however soon after the last."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def collect(self) -> list[Metric]:
        return self.source.read()


def begin(ledger, name: str, *, pages: int) -> None:
    """Queue a job if it is new, start it, and let it count."""
    ledger.add(Job(job=name, spider="google"))
    assert ledger.take(name, "node")
    beat(ledger, name, pages=pages)


def beat(ledger, name: str, *, pages: int) -> None:
    stats = {"response_received_count": pages, "blocked/403": 1, "blocked/429": 1,
             "downloader/response_status_count/404": 1, "start_time": "x"}  # fmt: skip
    ledger.beat(name, pid=1, progress=pages, stats=stats)
