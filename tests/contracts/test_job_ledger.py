"""The jobs' ledger, in a file and in MySQL."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from storage import StoreOptions
from storage.branch import Branch
from storage.jobs import Job, JobFilter, JobLedger, Node, open_jobs
from storage.jobs.history import JobHistory
from storage.jobs.job import instant
from storage.jobs.reconciling import Patience, reconcile
from storage.jobs.sample import Sample

QUICK = Patience(lost_seconds=10, stalled_minutes=10, attempts=2)


@pytest.fixture(params=["sqlite", "mysql"])
def book(
    request: pytest.FixtureRequest, tmp_path: Path, store_options: Callable[[str], StoreOptions]
) -> Iterator[JobLedger]:
    options = store_options(request.param)
    if request.param == "mysql":
        from storage.mysql import migrate  # noqa: PLC0415 - needs its driver
        from storage.mysql.database import Database  # noqa: PLC0415

        database = Database(options)
        migrate.upgrade(database)
        database.close()
    found = {"STORE": request.param, "MYSQL_URL": options.mysql_url}
    ledger = open_jobs(found.get, tmp_path)
    with ledger.engine.begin() as db:
        for table in (
            ledger.tables.jobs,
            ledger.tables.events,
            ledger.tables.nodes,
            ledger.tables.samples,
        ):
            db.execute(table.delete())
    yield ledger
    ledger.close()


def _age(book: JobLedger, **columns: str) -> None:
    with book.engine.begin() as db:
        db.execute(update(book.tables.jobs).values(**columns))


def test_a_job_is_taken_by_one_node_alone(book):
    assert book.add(Job(job="a", spider="s"))
    assert not book.add(Job(job="a", spider="s"))

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda node: book.take("a", node), "1234"))

    assert len([job for job in taken if job]) == 1
    assert [e.event for e in book.events("a")] == ["queued", "started"]


def test_higher_priorities_start_first_then_older_jobs(book):
    for name, priority in (("a", 0.0), ("b", 1.0), ("c", 0.5), ("d", 1.0)):
        book.add(Job(job=name, spider="s", priority=priority))

    assert [job.job for job in book.queue()] == ["b", "d", "c", "a"]
    assert book.first().job == "b"


def test_a_lost_job_is_queued_again_as_often_as_it_may(book):
    book.add(Job(job="a", spider="s"))
    states = []
    for _ in range(2):
        book.take("a", "gone")
        assert reconcile(book, QUICK) == []
        _age(book, heartbeat_at=instant(60))
        reconcile(book, QUICK)
        states.append(book.find("a").state)

    assert states == ["queued", "lost"]
    assert [e.event for e in book.events("a")] == ["queued", "started", "lost", "started", "lost"]


def test_a_silent_job_is_not_lost_while_its_node_has_it(book):
    book.add(Job(job="a", spider="s"))
    book.take("a", "one")
    book.report(Node(name="one", heartbeat_at="", slots=1, draining=False, running=["a"]))
    _age(book, heartbeat_at=instant(60))

    reconcile(book, QUICK)

    assert book.find("a").state == "running"


def test_a_job_that_gets_nowhere_is_stalled_until_it_goes_on(book):
    book.add(Job(job="a", spider="s"))
    book.take("a", "one")
    book.started("a", pid=7, version="1")
    _age(book, progress_at=instant(3600))

    reconcile(book, QUICK)
    stalled = book.find("a").state
    book.beat("a", pid=7, progress=3, stats={"n": 1})
    book.beat("a", pid=8, progress=9, stats={})  # an older process of the job

    found = book.find("a")
    assert (stalled, found.state, found.progress, found.stats) == (
        "stalled",
        "running",
        3,
        {"n": 1},
    )


def test_a_spider_that_closed_before_its_node_was_found_dead_has_ended(book):
    book.add(Job(job="a", spider="s"))
    book.take("a", "gone")
    book.closed("a", "max_items")
    _age(book, heartbeat_at=instant(60))

    reconcile(book, QUICK)

    assert (book.find("a").state, book.find("a").reason) == ("finished", "max_items")


@pytest.mark.slow
def test_pages_of_a_hundred_thousand_jobs_come_quickly(book):
    rows = [
        {
            "job": f"job-{n}", "project": "default", "spider": f"s{n % 5}", "priority": 0,
            "state": ("finished", "failed")[n % 10 == 0], "arguments": f'{{"query": "word{n}"}}',
            "settings": "{}", "stats": "{}", "attempt": 1, "cancel": False, "progress": 0,
            "created_at": instant(), "reason": "finished", "node": "one",
        }
        for n in range(100_000)
    ]  # fmt: skip
    with book.engine.begin() as db:
        for start in range(0, len(rows), 10_000):
            db.execute(insert(book.tables.jobs), rows[start : start + 10_000])
    wanted = JobFilter(states=("failed",), spider="s0")

    first, cursor = book.page(wanted, limit=50)
    second, _ = book.page(wanted, cursor=cursor, limit=50)
    (found,), end = book.page(JobFilter(text="word77777"))

    assert [job.job for job in first[:2]] == ["job-99990", "job-99980"]
    assert second[0].job == "job-99490"
    assert (found.job, end) == ("job-77777", None)


def test_how_a_job_got_on_is_kept_once_thinned_out_and_forgotten(book):
    """Two programs look at the same moments; a sample is kept as it was, empty parts left out."""
    history = JobHistory(book)
    now = int(time.time()) // 8 * 8
    samples = [
        Sample(at=now - 8 + at, pages=at, errors={"download": 1}, depths=[(0, 1, 2, 3, 4, 5)])
        for at in range(0, 8, 2)
    ]
    branch = Branch(seed="씨앗", depth=0, host="h.example", pages=2, wanted=1)
    for sample in [*samples, replace(samples[0], pages=99)]:
        history.keep([("a", sample), ("b", sample)])
    history.keep([("old", Sample(at=now - 3 * 86_400))])
    for _ in range(2):
        history.keep_branches("a", [branch])

    assert history.read("a") == samples
    assert history.read("a", since=now - 4) == samples[2:]
    assert history.read("a", most=2) == [samples[0], samples[3]]
    assert history.first_at("a") == now - 8
    history.thin("a", 8)
    history.forget(2)

    assert history.read("a") == [samples[0], samples[3]]
    assert history.read("b") == samples
    assert history.read("old") == []
    assert history.branches("a") == [branch]
    assert history.branches("b") == []
