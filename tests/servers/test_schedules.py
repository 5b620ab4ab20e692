"""Crawls that start by the clock: once, whoever looks, never two at once."""

from __future__ import annotations

import shlex
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from lxml import html
from sqlalchemy import update

pytest.importorskip("argon2", reason="needs gleanery[server]")

from gleanery.errors import ConfigError
from storage.jobs import JobFilter, Schedule, Schedules
from storage.jobs.job import instant
from storage.jobs.reconciling import Patience, reconcile
from storage.jobs.schedule import check_times, next_times
from tests.admin_site import admin_site, token_of
from tests.job_ledgers import job_ledgers
from tests.scrapyd_nodes import ledger

PATIENCE = Patience(lost_seconds=15, stalled_minutes=0, attempts=3)
LOOKERS = 6
URL = "http://127.0.0.1:9/"


@pytest.fixture(params=["file", "mysql"])
def ledgers(request, tmp_path):
    """The same tables, opened by several programs."""
    with job_ledgers(request, tmp_path, LOOKERS) as made:
        yield made


def make_due(jobs, name):
    """Let a schedule be due since three days."""
    table = jobs.tables.schedules
    change = update(table).where(table.c.name == name).values(next_at=instant(3 * 86400))
    jobs.transact(lambda db: db.execute(change).rowcount)


def look(ledgers):
    with ThreadPoolExecutor(LOOKERS) as pool:
        return [
            job for found in pool.map(lambda j: reconcile(j, PATIENCE), ledgers) for job in found
        ]


def test_a_late_schedule_starts_once_whoever_looks_and_not_beside_itself(ledgers):
    jobs, schedules = ledgers[0], Schedules(ledgers[0])
    arguments = {"urls": URL}
    schedules.add(Schedule(name="nightly", spider="google", arguments=arguments, cron="0 3 * * *"))

    early = look(ledgers)
    make_due(jobs, "nightly")
    (first,) = look(ledgers)
    make_due(jobs, "nightly")
    beside = look(ledgers)
    jobs.take(first.job, "one")
    jobs.end(first.job, "finished", node="one", reason="finished")
    (second,) = look(ledgers)

    assert (early, beside) == ([], [])
    found, _ = jobs.page(JobFilter())
    assert [(job.job, job.spider, job.arguments, job.state) for job in found] == [
        (second.job, "google", arguments, "queued"),
        (first.job, "google", arguments, "finished"),
    ]
    assert first.job.startswith("nightly-")
    assert jobs.events(second.job)[0].detail == "schedule: nightly"
    kept = schedules.find("nightly")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert kept.job == second.job
    assert datetime.now(UTC) < datetime.fromisoformat(kept.next_at) <= tomorrow


def test_a_schedule_runs_by_the_clock_of_its_zone():
    """Seoul has no summer time; in New York 2:30 comes right after the gap."""
    (seoul,) = next_times("30 9 * * *", "Asia/Seoul", 1)
    daily = next_times("30 2 * * *", "America/New_York", 400)

    assert seoul.astimezone(UTC).strftime("%H:%M") == "00:30"
    assert len({at.date() for at in daily}) == len(daily)
    assert {f"{at:%H:%M}" for at in daily} == {"02:30", "03:00"}


@pytest.mark.parametrize(
    ("cron", "zone"),
    [("0 0 30 2 *", "UTC"), ("* * * * * *", "UTC"), ("61 * * * *", "UTC"), ("@daily", "UTC"),
     ("0 3 * * *", "Mars/Olympus"), ("0 3 * * *", "../../etc/passwd"), ("0 3 * * *", "")],
)  # fmt: skip
def test_what_never_comes_is_refused(cron, zone):
    with pytest.raises(ConfigError):
        check_times(cron, zone)


def test_a_form_is_scheduled_listed_run_and_removed(tmp_path):
    """On the page, by JSON and by the command; every change is noted."""
    with admin_site(tmp_path) as site:
        client, jobs = site.client("operator"), ledger(tmp_path)
        form = {"csrf": token_of(client), "spider": "google", "arg.urls": f"{URL}?a=50%25",
                "schedule": "by-form", "cron": "0 25 * * *", "zone": "Asia/Nowhere"}  # fmt: skip
        wrong = html.fromstring(client.post("/start", data=form | {"action": "schedule"}).text)
        form |= {"cron": "15 3 * * 1", "zone": "Asia/Seoul"}
        lines = html.fromstring(client.post("/start", data=form | {"action": "show"}).text)
        made = client.post("/start", data=form | {"action": "schedule"})
        twice = client.post("/start", data=form | {"action": "schedule"})
        page = client.get("/schedules").text
        (listed,) = client.get("/api/schedules").json()
        change = {"csrf": form["csrf"], "name": "by-form"}
        begun = client.post("/schedules", data=change | {"action": "run"})
        beside = client.post(
            "/api/schedules/run?name=by-form", headers={"X-CSRF-Token": form["csrf"]}
        )
        printed = site.run("schedules", "list")
        gone = client.post("/schedules", data=change | {"action": "remove"})
        entries = site.client("admin").get("/api/audit").json()

    ids = {tag.get("id") for tag in wrong.xpath("//*[starts-with(@id, 'wrong-')]")}
    assert ids == {"wrong-cron", "wrong-zone"}
    crontab = lines.xpath("//pre/text()")[-1]
    words = shlex.split(crontab.replace(r"\%", "%"))
    assert " ".join(words) == f"15 3 * * 1 gleanery jobs start google -- urls={URL}?a=50%25"
    assert r"50\%25" in crontab
    assert (made.headers["location"], twice.status_code) == ("/schedules?done=scheduled", 409)
    assert "by-form" in page
    assert listed["arguments"] == {"urls": f"{URL}?a=50%25"}
    assert [at[11:] for at in listed["next"]] == ["03:15:00+09:00"] * 3
    (job,), _ = jobs.page(JobFilter(spider="google"))
    assert begun.headers["location"] == f"/job?name={job.job}"
    assert beside.status_code == 409
    assert "by-form" in printed
    assert gone.headers["location"] == "/schedules?done=unscheduled"
    assert Schedules(jobs).all() == []
    done = {entry["action"] for entry in entries if entry["outcome"] == "done"}
    assert {"schedule.add", "schedule.run", "schedule.remove"} <= done
