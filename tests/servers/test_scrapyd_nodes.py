"""Jobs that outlive their node."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from storage.jobs import Job
from tests.conftest import wait_until
from tests.graph_site import GraphSite
from tests.scrapyd_nodes import Node, job_of, ledger

CHAIN: dict[int, list[int | str]] = {0: list(range(1, 40))}
QUICK = {"GLEANERY_JOBS_LOST_SECONDS": "8", "GLEANERY_FRONTIER_LEASE_SECONDS": "6"}
SLOW = {"setting": "DOWNLOAD_DELAY=0.5"}


def _pages(home: Path, job: str) -> int:
    return int(job_of(home, job).stats.get("response_received_count", 0))


@pytest.mark.slow
@pytest.mark.parametrize("queue", ["redis", "file"])
def test_a_killed_nodes_job_goes_on_on_the_other(tmp_path, request, queue):
    shared = (
        {"GLEANERY_REDIS_URL": request.getfixturevalue("redis_url")} if queue == "redis" else {}
    )
    with GraphSite(CHAIN) as site, Node(tmp_path, "one", **QUICK, **shared) as one:
        wait_until(one.answers, seconds=60)
        one.schedule(urls=f"{site.url}/page/0", jobid="moved", **SLOW)
        wait_until(lambda: _pages(tmp_path, "moved") >= 4, seconds=60)
        os.kill(one.process.pid, signal.SIGKILL)
        os.kill(job_of(tmp_path, "moved").pid or 0, signal.SIGKILL)
        with Node(tmp_path, "two", **QUICK, **shared):
            wait_until(lambda: job_of(tmp_path, "moved").ended_at, seconds=120)

    found = job_of(tmp_path, "moved")
    assert (found.state, found.node, found.attempt) == ("finished", "two", 2), found
    events = [event.event for event in ledger(tmp_path).events("moved")]
    assert events == ["queued", "started", "lost", "started", "finished"]
    assert set(site.fetched) == set(range(40))
    assert len(site.fetched) < 60  # it went on, it did not begin anew


@pytest.mark.slow
def test_a_stopped_node_ends_its_crawls_and_their_jobs_go_on(tmp_path):
    with GraphSite(CHAIN) as site:
        with Node(tmp_path, "one", **QUICK) as one:
            wait_until(one.answers, seconds=60)
            one.schedule(urls=f"{site.url}/page/0", jobid="drained", **SLOW)
            wait_until(lambda: _pages(tmp_path, "drained") >= 4, seconds=60)
        assert one.process.returncode in (0, -signal.SIGTERM)  # twistd ends by the same signal
        left = job_of(tmp_path, "drained")
        assert (left.state, left.reason) == ("queued", "drained"), left
        with Node(tmp_path, "two", **QUICK):
            wait_until(lambda: job_of(tmp_path, "drained").ended_at, seconds=120)

    assert job_of(tmp_path, "drained").state == "finished"
    assert sorted(site.fetched) == list(range(40))  # leases were handed back: nothing twice


@pytest.mark.slow
def test_ends_have_their_reasons(tmp_path):
    """Also those of jobs that no process can be made for; they leave both slots free."""
    for job in ("odd", "odder"):
        ledger(tmp_path).add(Job(job=job, spider="google", arguments={"urls": "http://h/\0"}))
    with GraphSite(CHAIN) as site, Node(tmp_path, **QUICK) as node:
        wait_until(node.answers, seconds=60)
        wait_until(lambda: job_of(tmp_path, "odder").ended_at, seconds=60)

        _begin(node, site, "cancelled", max_depth="2")
        cancel = node.post("cancel.json", ("project", "default"), ("job", "cancelled"))
        wait_until(lambda: job_of(tmp_path, "cancelled").ended_at, seconds=60)
        _begin(node, site, "killed", max_depth="3")
        os.kill(job_of(tmp_path, "killed").pid or 0, signal.SIGKILL)
        wait_until(lambda: job_of(tmp_path, "killed").ended_at, seconds=60)

    odd = [job_of(tmp_path, job) for job in ("odd", "odder")]
    assert [(j.state, j.reason[:12]) for j in odd] == 2 * [("failed", "not started:")]
    cancelled, killed = job_of(tmp_path, "cancelled"), job_of(tmp_path, "killed")
    assert cancel["prevstate"] == "running"
    assert (cancelled.state, cancelled.reason) == ("cancelled", "shutdown")
    assert (killed.state, killed.signal, killed.reason) == (
        "failed", "SIGKILL", "killed by SIGKILL",
    )  # fmt: skip


def _begin(node: Node, site: GraphSite, job: str, **arguments: str) -> None:
    node.schedule(urls=f"{site.url}/page/0", jobid=job, **arguments, **SLOW)
    wait_until(lambda: _pages(node.home, job) >= 1, seconds=60)


@pytest.mark.slow
def test_a_drained_node_starts_nothing_until_it_works_again(tmp_path):
    jobs = ledger(tmp_path)
    with GraphSite({0: list(range(1, 12))}) as site, Node(tmp_path, "one", **QUICK) as one:
        wait_until(one.answers, seconds=60)
        one.schedule(urls=f"{site.url}/page/0", jobid="runs", **SLOW)
        wait_until(lambda: _pages(tmp_path, "runs") >= 2, seconds=60)

        jobs.order("one", drain=True)
        wait_until(lambda: jobs.nodes(within_seconds=60)[0].draining, seconds=60)
        one.schedule(urls=f"{site.url}/page/1", jobid="waits")
        wait_until(lambda: job_of(tmp_path, "runs").ended_at, seconds=60)
        still = job_of(tmp_path, "waits").state
        jobs.order("one", drain=False)
        wait_until(lambda: job_of(tmp_path, "waits").ended_at, seconds=60)

    assert job_of(tmp_path, "runs").state == "finished"
    assert still == "queued"
    assert job_of(tmp_path, "waits").state == "finished"
