"""``gleanery serve-models --work``: one process serves models and does what waits."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from contextlib import contextmanager

import httpx2
import pytest

from model_server.client import ModelClient
from model_server.schema import Document
from tests.cli import COMMAND, ROOT, environment, gleanery
from tests.conftest import wait_until
from tests.video_site import VideoSite, draw_clip_with_sound
from tests.work_processes import WORK, an_article, counts, put, save, stored

STEPS = ("download", "split_sound", "classify_video:")
ENGINE = {"GLEANERY_TEST_ENGINES": "1", "GLEANERY_MODEL_ENGINE": "stub"}


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> bytes:
    return draw_clip_with_sound(tmp_path_factory.mktemp("clip") / "clip.mp4").read_bytes()


@contextmanager
def serving(home, **env):
    """The process and its address, ready."""
    log = home / "server.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [*COMMAND, "serve-models", "--work", "--port", "0"],
            cwd=ROOT,
            env=environment(home, **(WORK | ENGINE | env)),
            stdout=out,
            stderr=out,
        )
    try:
        wait_until(lambda: address_in(log) or process.poll() is not None, seconds=60)
        url = address_in(log)
        assert url, log.read_text()
        wait_until(
            lambda: httpx2.get(f"{url}/readyz", timeout=60, verify=False).status_code == 200,
            seconds=60,
        )
        yield process, url
    finally:
        process.kill()
        process.wait()


def address_in(log):
    found = re.search(r"Listening on (http://\S+)/mcp", log.read_text())
    return found[1] if found else ""


async def test_one_process_works_with_its_own_engines_and_answers_others(clip, tmp_path):
    with VideoSite(clip) as site:
        items = [an_article(site, n, title="Soup of the day") for n in range(2)]
        save(tmp_path, *items)
        put(tmp_path, *(item.identity for item in items), steps=STEPS)
        with serving(tmp_path) as (process, url):
            client = ModelClient(f"{url}/mcp", timeout=60)
            await client.open()
            answer = await client.classify(Document(text="anything"))
            await client.close()
            wait_until(lambda: counts(tmp_path).done == 2, seconds=60)
            metrics = httpx2.get(f"{url}/metrics", timeout=60).text
            process.send_signal(signal.SIGTERM)
            code = process.wait(180)
    rows = stored(tmp_path).values()

    assert code == 0
    assert answer.category
    assert [[m["role"] for m in row["media_files"]] for row in rows] == [["video", "audio"]] * 2
    assert {row["category"] for row in rows} == {answer.category}
    asked = re.search(r'documents_total{capability="classify",engine="stub"} (\S+)', metrics)
    assert asked, metrics
    assert float(asked[1]) == 3  # the worker's own engine is the served one
    assert counts(tmp_path).workers == 0
    assert "Work has ended" in (tmp_path / "server.log").read_text()


@pytest.mark.slow
def test_a_signal_gives_back_what_takes_too_long(clip, tmp_path):
    with VideoSite(clip, chunk_seconds=3) as site:
        item = an_article(site, 1)
        save(tmp_path, item)
        put(tmp_path, item.identity)
        with serving(tmp_path, GLEANERY_WORK_DRAIN_SECONDS="0.2") as (process, _):
            wait_until(lambda: counts(tmp_path).leased == 1, seconds=60)
            process.send_signal(signal.SIGTERM)
            code = process.wait(180)
    left = counts(tmp_path)

    assert (code, left.queued, left.leased, left.workers) == (0, 1, 0, 0)


def test_a_store_that_is_none_ends_it_with_a_line(tmp_path):
    (tmp_path / "gleanery.db").write_text("Dear reader, " * 100)

    result = gleanery(tmp_path, "serve-models", "--work", "--port", "0", **ENGINE)

    assert result.returncode == 2
    assert "gleanery.db is no store of ours" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_queue_that_is_none_leaves_the_models_to_others(tmp_path):
    (tmp_path / "work.db").write_text("Dear reader, " * 100)
    with serving(tmp_path) as (process, url):
        log = tmp_path / "server.log"
        wait_until(lambda: "Work has ended, the models go on" in log.read_text(), seconds=60)
        ready = httpx2.get(f"{url}/readyz", timeout=60, verify=False).status_code
        process.send_signal(signal.SIGTERM)
        code = process.wait(180)

    assert (ready, code) == (200, 0)
    assert "Traceback" not in log.read_text()


def test_a_port_that_is_taken_ends_it_and_its_worker_leaves(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = gleanery(tmp_path, "serve-models", "--work", "--port", port, **ENGINE)

    assert result.returncode != 0
    assert counts(tmp_path).workers == 0


def test_only_the_command_knows_the_option(tmp_path):
    assert "--work" in gleanery(tmp_path, "serve-models", "--help").stdout
