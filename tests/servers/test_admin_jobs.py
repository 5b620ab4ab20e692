"""Jobs on the admin page: found among many, ended, repeated, shown inert."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import time
from contextlib import ExitStack

import httpx2
import pytest
from lxml import html
from sqlalchemy import insert

pytest.importorskip("argon2", reason="needs gleanery[server]")

from admin.live import MOST
from crawlers.dry_run_process import dry_run
from gleanery.errors import ConfigError
from storage.jobs import Job, JobFilter
from storage.jobs.job import instant
from tests.admin_site import admin_site, password, token_of
from tests.conftest import missing_server, wait_until
from tests.graph_site import GraphSite
from tests.scrapyd_nodes import Node, ledger

EVIL = '"><script>alert(1)</script>'


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    home = tmp_path_factory.mktemp("admin")
    fill(home)
    with admin_site(home) as running:
        yield running


@pytest.fixture(scope="module")
def client(site):
    return site.client("operator")


def fill(home, number=120):
    """Jobs that wait, run, failed and finished; the newest one is what an attacker asked for."""
    jobs = ledger(home)
    rows = []
    for n in range(number):
        state = ("finished", "failed")[n % 2]
        job = Job(job=f"old-{n}", spider="google", state=state, node="one", ended_at=instant())
        job.arguments = {"urls": f"http://127.0.0.1:9/{n}"}
        job.reason = "closespider_errorcount" if n % 2 else "finished"
        row = {k: getattr(job, k) for k in Job.__slots__ if k != "number"}
        row |= {k: json.dumps(row[k]) for k in ("arguments", "settings", "stats")}
        rows.append(row | {"created_at": instant()})
    with jobs.engine.begin() as db:
        db.execute(insert(jobs.tables.jobs), rows)
    jobs.add(Job(job="waits", spider="google", arguments={"urls": "http://127.0.0.1:9/w"}))
    jobs.add(Job(job="evil", spider="reddit", arguments={"search": EVIL}))
    jobs.take("evil", EVIL)
    jobs.closed("evil", EVIL)
    jobs.end("evil", "failed", node=EVIL, exit_code=3)


def names(answer):
    return [job["job"] for job in answer.json()["jobs"]]


def test_jobs_are_listed_page_by_page(client):
    seen, cursor = [], ""
    while cursor is not None:
        answer = client.get("/api/jobs", params={"spider": "google", "cursor": cursor}).json()
        seen += [job["job"] for job in answer["jobs"]]
        cursor = answer["next"]

    assert seen == ["waits", *(f"old-{n}" for n in reversed(range(120)))]
    first = html.fromstring(client.get("/jobs?spider=google").text)
    assert len(first.xpath("//tbody/tr")) == 50
    second = client.get(first.xpath("//a[@rel='next']/@href")[0])
    assert len(html.fromstring(second.text).xpath("//tbody/tr")) == 50


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"state": "queued"}, ["waits"]),
        ({"text": "old-77"}, ["old-77"]),
        ({"text": "9/w"}, ["waits"]),
        ({"text": "<script>", "state": "failed"}, ["evil"]),
        ({"text": "errorcount", "spider": "reddit"}, []),
        ({"node": "two"}, []),
        ({"parent": "old-1"}, []),
    ],
)
def test_jobs_are_filtered_and_searched(client, asked, found):
    assert names(client.get("/api/jobs", params=asked)) == found


def test_what_is_no_filter_is_refused(client):
    answer = client.get("/jobs", params={"state": "' or 1=1"})

    assert answer.status_code == 422


def test_the_list_shows_what_attackers_wrote_as_text(client):
    page = client.get("/jobs")

    assert "&lt;script&gt;alert(1)" in page.text
    assert "<script>alert" not in page.text


def test_jobs_are_cancelled_and_repeated_and_that_is_noted(site, client):
    jobs = ledger(site.home)
    for name in ("first", "second"):
        jobs.add(Job(job=name, spider="google", arguments={"urls": "http://127.0.0.1:9/"}))
    csrf = token_of(client)

    cancelled = client.post(
        "/jobs", data={"csrf": csrf, "action": "cancel", "job": ["first", "second"]}
    )
    retried = client.post(
        "/api/jobs/retry", json={"jobs": ["first", "waits"]}, headers={"X-CSRF-Token": csrf}
    ).json()

    assert cancelled.headers["location"] == "/jobs?done=cancelled"
    assert {jobs.find(name).state for name in ("first", "second")} == {"cancelled"}
    (again,) = retried["done"]
    assert (jobs.find(again).parent, jobs.find(again).state) == ("first", "queued")
    assert "has not ended" in retried["refused"]["waits"]
    entries = site.client("admin").get("/api/audit?action=job.retry").json()
    done = [(e["subject"], e["before"], e["after"]) for e in entries if e["outcome"] == "done"]
    assert done == [("first", {"state": "cancelled"}, {"job": again})]
    jobs.cancel(again)


def test_what_cannot_be_done_is_said_and_stops_nothing_else(site, client):
    ledger(site.home).add(Job(job="third", spider="google", arguments={"urls": "http://h/"}))
    form = {"csrf": token_of(client), "action": "cancel", "job": ["old-1", "none", "third"]}

    answer = client.post("/jobs", data=form)

    assert answer.status_code == 409
    said = html.fromstring(answer.text).xpath("//*[@role='alert']")[0].text_content()
    assert "old-1 is failed" in said
    assert "none" in said
    assert ledger(site.home).find("third").state == "cancelled"


LOG = [
    f"2026-11-25 10:00:00 [scrapy.core] INFO: Crawled {EVIL}",
    "2026-11-25 10:00:01 [scrapy.core] ERROR: Spider error",
    "Traceback (most recent call last):",
    f"ValueError: {EVIL}",
    "2026-11-25 10:00:02 [scrapy.core] DEBUG: 마지막 줄",
]


def write_log(home, job, lines):
    folder = home / "scrapyd" / "logs" / "default" / "reddit"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{job}.log").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def test_a_job_is_shown_whole_and_inert(site, client):
    write_log(site.home, "evil", LOG)

    page = client.get("/job?name=evil")

    shown = html.fromstring(page.text)
    assert shown.xpath("//pre")[0].text.splitlines() == LOG
    assert f"search={EVIL}" in shown.xpath("//code/text()")
    assert "<script>alert" not in page.text
    assert "onerror=" not in page.text
    facts = client.get("/api/job?name=evil").json()
    assert (facts["exit_code"], facts["state"], facts["reason"]) == (3, "failed", EVIL)
    assert [event["event"] for event in facts["events"]] == ["queued", "started", "failed"]


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ({}, range(5)),
        ({"lines": 2}, [3, 4]),
        ({"level": "WARNING"}, [1, 2, 3]),
        ({"text": "VALUEerror"}, [3]),
        ({"text": "마지막", "level": "INFO"}, []),
    ],
)
def test_a_log_is_filtered_and_searched(site, client, asked, numbers):
    write_log(site.home, "evil", LOG)

    answer = client.get("/api/job/log", params={"name": "evil"} | asked)

    assert answer.json() == [LOG[n] for n in numbers]


def test_the_end_of_a_log_is_asked_for_until_the_job_has_ended(site, client):
    jobs = ledger(site.home)
    jobs.add(Job(job="grows", spider="reddit"))
    jobs.take("grows", "one")
    write_log(site.home, "grows", ["<script>one", "two"])

    page = client.get("/job?name=grows&lines=1").text
    (asked,) = html.fromstring(page).xpath("//pre[@id='log-lines']/@hx-get")
    running = client.get(asked)
    jobs.end("grows", "finished", node="one")
    ended = client.get("/job/tail?name=grows")

    (older,) = html.fromstring(page).xpath("//a[@hx-target='#log']/@hx-get")
    begun = html.fromstring(client.get(older).text)

    assert begun.xpath("//pre")[0].text == "<script>one\n"
    assert begun.xpath("//a[text()='최신 줄']")
    assert not begun.xpath("//pre/@hx-get")
    told = client.get("/api/job/log?name=grows&lines=1").links["next"]["url"]
    assert client.get(told).json() == ["<script>one"]
    (shown, whole) = (html.fromstring(answer.text) for answer in (running, ended))
    assert (running.status_code, shown.text, shown.get("data-end")) == (200, "two\n", "16")
    assert (ended.status_code, whole.text) == (286, "<script>one\ntwo\n")
    assert "data-end" not in client.get(asked.replace("level=", "level=INFO")).text
    assert 'hx-trigger="grown, every 10s"' in page
    assert 'hx-trigger="grown' not in client.get("/job?name=grows").text


def test_a_log_is_downloaded_whole(site, client):
    write_log(site.home, "evil", LOG)

    answer = client.get("/job/log?name=evil")

    assert answer.text.splitlines() == LOG
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="evil.log"'


@pytest.mark.parametrize(
    "path", ["/job", "/job/log", "/api/job", "/api/job/log", "/job/live", "/job/tail"]
)
@pytest.mark.parametrize("name", ["none", "../../jobs.db", "evil/../../../../admin.db", "outside"])
def test_no_other_file_is_a_log(site, client, path, name):
    """Not even that of a job whose row names another folder."""
    if name == "outside":
        ledger(site.home).add(Job(job=name, spider="../../../../"))
        (site.home.parent / "outside.log").write_text("secret")
    answer = client.get(path, params={"name": name}) if "live" not in path else None

    if name != "outside":
        answer = client.get(path, params={"name": name})
        assert answer.status_code == 404
    elif answer is not None:
        assert "secret" not in answer.text
        assert answer.status_code == (404 if path.endswith(("log", "tail")) else 200)


def events_of(stream):
    """Yield events of a stream, with their text."""
    kind, lines = "", []
    for line in stream.iter_lines():
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            lines.append(line.removeprefix("data: "))
        elif not line and kind:
            yield kind, "\n".join(lines)
            kind, lines = "", []


def test_a_job_is_watched_while_it_runs(site, client):
    """What it counts is there soon, without being asked for; its end ends the stream."""
    jobs = ledger(site.home)
    jobs.add(Job(job="runs", spider="reddit", arguments={"search": "tea"}))
    jobs.take("runs", "one")
    with client.stream("GET", "/job/live?name=runs") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        told = []  # what is the same as before is not sent again
        seen = (told.append(event) or event for event in events_of(stream))
        first = next(text for kind, text in seen if kind == "facts")
        jobs.beat("runs", pid=1, progress=77, stats={"item_scraped_count": 77, EVIL: 1})
        second = next(text for kind, text in seen if kind == "facts")
        write_log(site.home, "runs", LOG)  # nothing else happens to the job
        grown = next(g for k, text in seen if k == "log" and (g := json.loads(text))["text"])
        with (site.home / "scrapyd/logs/default/reddit/runs.log").open("a") as log:
            log.write("one\ntwo\nhalf")
        more = next(g for k, text in seen if k == "log" and (g := json.loads(text))["text"])
        jobs.end("runs", "finished", node="one", reason="finished", exit_code=0)
        list(seen)

    assert "77" not in first
    assert "<dd>77</dd>" in second
    written = "".join(f"{line}\n" for line in LOG)
    assert grown == {"start": 0, "end": len(written.encode()), "text": written}
    assert more == {"start": grown["end"], "end": grown["end"] + 8, "text": "one\ntwo\n"}
    last = dict(told)
    assert told[-1][0] == "ended"
    assert "finished" in last["facts"]
    assert json.loads(last["point"])["charts"]["categories"] == {}
    assert "alert(1)" in last["stats"]
    assert "<script>alert" not in last["stats"]


def test_what_does_not_fit_is_said_beside_its_field(site, client):
    form = {
        "csrf": token_of(client), "action": "start", "spider": "google", "arg.max_depth": "many",
        "arg.query": EVIL, "priority": "high", "settings": "FEEDS={}", "job": "a/b",
        "FRONTIER_MAX_ITEMS": "lots",
    }  # fmt: skip

    answer = client.post("/start", data=form)

    shown = html.fromstring(answer.text)
    wrong = {tag.get("id") for tag in shown.xpath("//*[starts-with(@id, 'wrong-')]")}
    assert answer.status_code == 422
    names = ("arg.max_depth", "priority", "settings", "job", "FRONTIER_MAX_ITEMS")
    assert wrong == {f"wrong-{n}" for n in names}
    kept = shown.xpath("//*[@name='arg.query']/@value")
    assert kept == [EVIL]
    assert client.get("/api/jobs", params={"text": EVIL, "spider": "google"}).json()["jobs"] == []


def test_a_form_is_shown_as_commands_without_starting(site, client):
    form = {"csrf": token_of(client), "action": "show", "spider": "google", "job": "shown",
            "arg.query": "it's $(x)", "FRONTIER_MAX_PAGES": "5"}  # fmt: skip

    shown = html.fromstring(client.post("/start", data=form).text)
    lines = shown.xpath("//pre/text()")
    wanted = {"spider": "google", "job": "shown", "arguments": {"query": "it's $(x)"},
              "settings": ["FRONTIER_MAX_PAGES=5"]}  # fmt: skip
    headers = {"X-CSRF-Token": form["csrf"]}
    told = client.post("/api/jobs/commands?cron=5 4 * * *", json=wanted, headers=headers)
    refused = client.post("/api/jobs/commands?cron=never", json=wanted, headers=headers)

    assert list(told.json().values()) == [*lines[:3], lines[3].replace("0 3", "5 4", 1)]
    assert refused.status_code == 409
    assert shown.xpath("//pre/@id") == [f"line-{name}" for name in told.json()]
    assert shown.xpath("//button[@data-copy]/@data-copy") == shown.xpath("//pre/@id")
    words = [shlex.split(line) for line in lines]
    crawl = ["scrapy", "crawl", "google", "-a", "query=it's $(x)", "-s", "FRONTIER_MAX_PAGES=5"]
    assert words[0] == crawl
    assert shown.xpath("//input[@id='FRONTIER_MAX_PAGES']/@value") == ["5"]
    assert shown.xpath("//textarea[@id='settings']")[0].text in {None, ""}
    assert words[1][:4] == ["gleanery", "jobs", "start", "google"]
    assert json.loads(words[2][-1])["arguments"] == {"query": "it's $(x)"}
    assert token_of(client) not in lines[2]
    assert client.cookies["gleanery"] not in lines[2]
    assert ledger(site.home).find("shown") is None


def test_the_lines_that_are_shown_start_the_job(site, client):
    """Run by a shell as they stand; the one for a crontab without its times."""
    if not shutil.which("curl"):
        missing_server("curl")
    wanted = {"spider": "google", "arguments": {"query": "it's $(x) 100%"}, "job": "by-line"}
    headers = {"X-CSRF-Token": token_of(client)}
    lines = client.post("/api/jobs/commands", json=wanted, headers=headers).json()
    given = {"user": "operator", "password": password("operator")}
    token = client.post("/api/login", json=given).json()["token"]
    jobs = ledger(site.home)

    asked = subprocess.run(
        ["bash", "-c", lines["curl"]], env=site.env | {"TOKEN": token}, capture_output=True,
        check=True,
    )  # fmt: skip
    cron = lines["crontab"].removeprefix("0 3 * * * ").replace(r"\%", "%")
    begun = json.loads(site.run(*shlex.split(cron)[1:3], "--json", *shlex.split(cron)[3:]))

    assert json.loads(asked.stdout) == {"job": "by-line"}
    for name in ("by-line", begun["job"]):
        assert jobs.find(name).arguments == wanted["arguments"]
        jobs.cancel(name)


def test_a_dry_run_shows_the_first_requests_and_fetches_nothing(site, client):
    """By the spider's own code, in a process of its own; what it refuses is said."""
    with GraphSite({0: []}) as web:
        page = f"{web.url}/page/0?q={EVIL}"
        wanted = {"spider": "google", "arguments": {"urls": page, "max_depth": "3"}}
        headers = {"X-CSRF-Token": token_of(client)}
        given = client.post("/api/jobs/dry-run", json=wanted, headers=headers)
        form = {"csrf": token_of(client), "action": "try", "spider": "google", "job": "tried",
                "arg.query": "tea"}  # fmt: skip
        shown = client.post("/start", data=form | {"arg.query": "", "arg.urls": page})
        refused = client.post("/start", data=form)
        again = client.post("/api/jobs/dry-run", headers=headers, json={
            "spider": "google", "arguments": {"urls": "/etc/passwd"}})  # fmt: skip
        printed = site.run("crawl", "google", f"urls={page}", "max_depth=3", "--dry-run", "--json")

    (request,) = given.json()["requests"]
    assert (request["method"], request["depth"], request["max_depth"]) == ("GET", 1, 3)
    assert request["url"].startswith(f"{web.url}/page/0?q=")
    assert request["callback"] == "parse_page"
    assert json.loads(printed) == given.json()
    assert html.fromstring(shown.text).xpath("//th[@scope='row']/text()") == [
        f"GET {request['url']}"
    ]
    assert "<script>alert" not in shown.text
    assert "GLEANERY_GOOGLE_NEWS_ACCEPT_TERMS" in refused.text
    assert again.status_code == 409
    assert web.fetched == []
    assert ledger(site.home).find("tried") is None


def test_a_spider_that_crashes_in_a_dry_run_hurts_nobody_else():
    with pytest.raises(ConfigError, match="ended with -6"):
        dry_run("crashing", {"page": "http://h/"}, {"SPIDER_MODULES": "tests.spiders"})


def test_a_job_is_started_by_a_program_under_a_name_once(site, client):
    wanted = {"spider": "google", "arguments": {"urls": "http://127.0.0.1:9/"}, "job": "mine"}
    headers = {"X-CSRF-Token": token_of(client)}

    first, second = (client.post("/api/jobs/start", json=wanted, headers=headers) for _ in "ab")
    file = client.post(
        "/api/jobs/start", headers=headers, json=wanted | {"arguments": {"urls": "/etc/passwd"}}
    )

    assert first.json() == {"job": "mine"}
    assert (second.status_code, file.status_code) == (409, 409)
    assert "names a file" in file.json()["detail"]
    ledger(site.home).cancel("mine")


@pytest.mark.slow
def test_a_crawl_is_started_by_the_form_and_seen_to_finish(tmp_path):
    """The whole way: form, real scrapyd, real crawl of a site, list and log."""
    tree: dict[int, list[int | str]] = {0: [1, 2]}
    with Node(tmp_path) as node, admin_site(tmp_path) as site, GraphSite(tree) as web:
        wait_until(node.answers, seconds=60)
        client = site.client("operator")
        form = {"csrf": token_of(client), "action": "start", "spider": "google",
                "job": "by-form", "arg.urls": f"{web.url}/page/0"}  # fmt: skip
        begun = client.post("/start", data=form)
        wait_until(lambda: names(client.get("/api/jobs?state=finished")), seconds=90)
        page = client.get("/job?name=by-form")

    assert begun.headers["location"] == "/job?name=by-form"
    assert "Spider closed (finished)" in html.fromstring(page.text).xpath("//pre")[0].text
    assert sorted(set(web.fetched)) == [0, 1, 2]


@pytest.mark.slow
def test_a_crawl_is_paused_slowed_down_and_stopped_from_its_page(tmp_path):
    """A real job of a real node: nothing is fetched while paused, then two pages a second."""
    tree: dict[int, list[int | str]] = {0: list(range(1, 400))}
    with Node(tmp_path) as node, admin_site(tmp_path) as site, GraphSite(tree) as web:
        wait_until(node.answers, seconds=60)
        client = site.client("operator")
        headers = {"X-CSRF-Token": token_of(client)}

        def post(path, **asked):
            answer = client.post(f"/api{path}", headers=headers, **asked)
            assert answer.status_code == 200, answer.text

        wanted = {"spider": "google", "arguments": {"urls": f"{web.url}/page/0"}, "job": "far"}
        post("/jobs/start", json=wanted)
        wait_until(lambda: len(web.fetched) > 2, seconds=120)
        wait_until(lambda: "frontier/crawl" in ledger(tmp_path).find("far").stats, seconds=60)
        post("/job/steer?name=far&action=pause")
        wait_until(lambda: ledger(tmp_path).find("far").stats.get("frontier/paused"), seconds=60)
        wait_until(lambda: time.monotonic() - web.times[-1] > 2, seconds=60)
        paused = len(web.fetched)
        post("/job/speed?name=far", json={"pages_per_minute": 120})
        post("/job/steer?name=far&action=resume")
        wait_until(lambda: len(web.fetched) >= paused + 9, seconds=60)
        times = web.times[paused : paused + 9]
        post("/job/steer?name=far&action=stop_now")
        wait_until(lambda: ledger(tmp_path).find("far").state == "cancelled", seconds=60)

    assert times[-1] - times[0] > 2.5  # 8 gaps of half a second, but for a second that is made up
    assert ledger(tmp_path).find("far").signal == "SIGKILL"


@pytest.mark.slow
def test_only_so_many_may_watch_and_those_who_left_make_room(site, client):
    jobs = ledger(site.home)
    jobs.add(Job(job="watched", spider="google", arguments={"urls": "http://h/"}))
    path = "/job/live?name=watched"
    limits = httpx2.Limits(max_connections=MOST)
    many = httpx2.Client(base_url=site.url, cookies=client.cookies, limits=limits, timeout=60)
    with many, ExitStack() as opened:
        for _ in range(MOST):
            assert opened.enter_context(many.stream("GET", path)).status_code == 200
        wait_until(lambda: status_of(client, path) == 503, seconds=60)
    wait_until(lambda: status_of(client, path) == 200, seconds=60)

    jobs.cancel("watched")


def status_of(client, path):
    with client.stream("GET", path) as stream:
        return stream.status_code


def test_a_search_goes_on_from_where_it_stopped(tmp_path):
    """Each answer looks for a little while; none is left out in between."""
    fill(tmp_path, 12_000)
    jobs, nothing = ledger(tmp_path), JobFilter(text="no such job")
    found, cursor = [], None
    while cursor != 0:
        page, after = jobs.page(JobFilter(text="old-77"), cursor=cursor, limit=9, seconds=0)
        found += [job.job for job in page]
        cursor = after or 0

    assert found == [f"old-{n}" for n in reversed(range(12_000)) if str(n).startswith("77")]
    assert jobs.page(nothing, seconds=0) == ([], 7003)
    assert jobs.page(nothing) == ([], None)


def test_a_job_is_held_against_the_runs_before_it(site, client):
    jobs, asked = ledger(site.home), {"search": EVIL, "category": "food"}
    for name, items, errors in (("r1", 40, 0), ("r2", 50, 1), ("r3", 60, 0), ("r4", 20, 4)):
        jobs.add(Job(job=name, spider="reddit", arguments=dict(sorted(asked.items()))))
        jobs.take(name, "one")
        judged = {"focus/wanted": items // 2, "focus/off_topic": items // 2}
        counted = {"item_scraped_count": items, "log_count/ERROR": errors} | judged
        jobs.beat(name, pid=1, progress=items, stats=counted)
        jobs.end(name, "finished", node="one", reason="finished")

    first = client.get("/api/job/comparison?name=r3").json()
    last = client.get("/api/job/comparison?name=r4").json()
    shown = html.fromstring(client.get("/job?name=r4").text)

    assert [run["job"] for run in last["before"]] == ["r3", "r2", "r1"]
    assert (last["usual"]["items"], last["ratio"]["items"]) == (50, 0.4)
    assert last["this"]["figures"]["wanted_share"] == 0.5
    assert [a["figure"] for a in last["anomalies"]] == ["items", "errors"]
    assert first["anomalies"] == []  # two runs before it are too few to judge by
    assert len(shown.xpath("//*[@class='note bad']//li")) == 2
