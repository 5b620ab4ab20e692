"""``GLEANERY_LOG_FORMAT=json``: what every program really writes, line by line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from datetime import datetime

import pytest

from gleanery.json_log import write_line
from tests.cli import COMMAND, ROOT, environment, gleanery
from tests.conftest import wait_until
from tests.crawl import scrapy_crawl
from tests.graph_site import GraphSite
from tests.ports import free_ports
from tests.work_processes import put

JSON = {"GLEANERY_LOG_FORMAT": "json"}
SECRET = 's3cr3t"of\\ours'
EVIL = (
    '"}\n{"time":"2026-01-01","level":"CRITICAL","message":"forged"}\r\n\x1b[31m\u2028\x85 한국어 '
    f"{SECRET} https://api.example/?key=AIza-x_9&q=a"
)


def rows_of(log: str) -> list[dict]:
    """Every line as an object, whatever a reader takes for the end of a line."""
    rows = [json.loads(line) for line in log.splitlines()]
    assert rows
    for row in rows:
        assert {"time", "level", "logger", "message"} <= row.keys()
        assert datetime.fromisoformat(row["time"]).utcoffset().total_seconds() == 0
    return rows


def test_what_a_page_says_breaks_no_line_of_a_crawl_and_shows_no_secret(tmp_path):
    text = EVIL.replace("<", "&lt;").replace("\x1b", "&#27;")
    with GraphSite({}, texts={0: text}) as site:
        result = scrapy_crawl(
            "shouting", tmp_path, page=f"{site.url}/page/0",
            settings={"SPIDER_MODULES": "tests.spiders", "LOG_LEVEL": "DEBUG", "JOB": ""},
            env={**JSON, "GLEANERY_MODEL_SERVER_TOKEN": SECRET, "GLEANERY_FRONTIER_CRAWL": "mine"},
        )  # fmt: skip

    rows = rows_of(result.log)
    said, *_ = [row for row in rows if row["message"].startswith("It says")]
    failed, *_ = [row for row in rows if "exception" in row]
    scraped, *_ = [row for row in rows if row["message"].startswith("Scraped")]
    assert '"forged"}\n\x1b[31m\u2028\x85' in said["message"]  # HTML knows no \r\n
    assert "한국어 [hidden] https://api.example/?key=[hidden]&q=a" in said["message"]
    assert (said["level"], said["spider"], said["crawl"]) == ("WARNING", "shouting", "mine")
    assert failed["exception"].startswith("Traceback")
    assert "ValueError" in failed["exception"]
    assert scraped["item"].startswith('shouting:"}')
    assert "forged" not in {row["message"] for row in rows}
    assert "s3cr3t" not in result.log
    assert "AIza" not in result.log


@pytest.mark.slow
def test_a_worker_writes_objects_too_and_so_does_what_nobody_caught(tmp_path):
    put(tmp_path, "web:https://example.org/", steps=["no such step"])
    worker = gleanery(tmp_path, "work", "--once", "--json", GLEANERY_LOG_LEVEL="DEBUG", **JSON)

    code = f"import crawlers.settings; raise RuntimeError('a\\nb {SECRET[:6]}')"
    crash = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False,
        env=environment(tmp_path, GLEANERY_MODEL_SERVER_TOKEN=SECRET[:6], **JSON),
    )  # fmt: skip

    (died,) = rows_of(crash.stderr)
    assert (crash.returncode, died["level"]) == (1, "CRITICAL")
    assert died["exception"].endswith("RuntimeError: a\nb [hidden]")
    assert any(
        row.get("item") == "web:https://example.org/" or "example.org" in row["message"]
        for row in rows_of(worker.stderr)
    )


@pytest.mark.slow
@pytest.mark.parametrize("command", ["serve-api", "serve-admin"])
def test_servers_for_people_and_programs_write_objects(tmp_path, command):
    (port,) = free_ports(1)
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*COMMAND, command, "--port", str(port)],
            cwd=ROOT, env=environment(tmp_path, **JSON),
            stdout=out, stderr=out,
        )  # fmt: skip
    try:
        wait_until(lambda: _answers(f"http://127.0.0.1:{port}/"), seconds=60)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=180)
    finally:
        process.kill()

    rows = rows_of(log.read_text("utf-8"))
    assert any("Uvicorn running on" in row["message"] for row in rows)
    if command == "serve-api":
        (asked, *_) = [row for row in rows if row["logger"] == "client_api.access"]
        assert asked["fields"]["method"] == "GET"


@pytest.mark.slow
def test_a_node_and_its_job_write_objects_that_are_read_by_level(tmp_path):
    pytest.importorskip("scrapyd", reason="needs gleanery[server]")
    from tests.scrapyd_nodes import Node, job_of  # noqa: PLC0415

    with GraphSite({}) as site, Node(tmp_path, **JSON) as node:
        wait_until(node.answers, seconds=60)
        answer = node.schedule(urls=f"{site.url}/page/1", jobid="one")
        wait_until(lambda: job_of(tmp_path, "one").ended_at, seconds=90)
    log = tmp_path / "scrapyd" / "logs" / "default" / "google" / "one.log"
    every = gleanery(tmp_path, "jobs", "logs", "one").stdout
    loud = gleanery(tmp_path, "jobs", "logs", "one", "--level", "WARNING").stdout

    assert answer["status"] == "ok"
    rows_of(node.log.read_text("utf-8"))
    rows = rows_of(log.read_text("utf-8"))
    assert {row.get("job") for row in rows if row["message"].startswith("Spider opened")} == {"one"}
    assert "INFO: Spider opened" in every
    assert "INFO" not in loud


def test_a_line_in_json_is_shown_as_text_with_its_level(tmp_path):
    """The admin page and ``gleanery jobs logs`` read both."""
    from crawlers.scrapyd.log_places import FileLog  # noqa: PLC0415
    from crawlers.scrapyd.logs import tail  # noqa: PLC0415

    log = tmp_path / "one.log"
    head = {"time": "2026-11-26T10:00:00.000Z", "logger": "a"}
    log.write_text(
        "2026-11-26 09:59:59 [a] INFO: as text\n"
        + write_line(head | {"level": "INFO", "message": "fine\nand good"})
        + "\n"
        + write_line(head | {"level": "ERROR", "message": "bad", "exception": "Trace\nback"})
        + '\n{"time": broken\n'
    )

    kept = FileLog(log)
    every, loud = tail(kept, 10).lines, tail(kept, 10, level="ERROR").lines

    assert every[:2] == [
        "2026-11-26 09:59:59 [a] INFO: as text",
        "2026-11-26 10:00:00.000 [a] INFO: fine and good",
    ]
    assert loud == [
        "2026-11-26 10:00:00.000 [a] ERROR: bad", "Trace", "back", '{"time": broken',
    ]  # fmt: skip


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=60).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
