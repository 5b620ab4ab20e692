"""Traces as a collector gets them, from a crawl, a model server and a worker of their own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gleanery.config import Config
from gleanery.errors import ConfigError
from gleanery.tracing import start_tracing
from items import Article
from storage.spool import Spool
from tests.cli import gleanery
from tests.crawl import ROOT, scrapy_crawl
from tests.graph_site import GraphSite
from tests.model_process import clean_env, stub_process
from tests.otlp_receiver import Receiver
from tests.servers.test_json_logs import rows_of
from tests.video_site import VideoSite, draw_clip_with_sound
from tests.work_processes import WORK, crawl, save

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TOKEN = "s3cr3t-t0ken"


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        yield receiver


def test_a_page_is_one_trace_from_its_download_to_the_store_through_the_model_server(
    receiver, tmp_path
):
    server = stub_process(tmp_path, token=TOKEN)
    server._env |= receiver.env | {"GLEANERY_LOG_FORMAT": "json"}
    server.start()
    links: dict[int, list[int | str]] = {0: [1, 2]}
    with GraphSite(links, texts={n: f"key=AIza-x page {n}" for n in range(3)}) as site:
        result = scrapy_crawl(
            "graph", tmp_path, page=f"{site.url}/page/0",
            settings={"SPIDER_MODULES": "tests.spiders", "CLASSIFY_ENABLED": True, "JOB": "",
                      "MODEL_SERVER_URL": server.url, "FRONTIER_CRAWL": "mine"},
            env=receiver.env
            | {"GLEANERY_MODEL_SERVER_TOKEN": TOKEN, "GLEANERY_LOG_FORMAT": "json",
               "GLEANERY_LOG_LEVEL": "DEBUG"},
        )  # fmt: skip
    server.stop()

    assert (result.returncode, result.stats["classify/classified"]) == (0, 3), result.log[-3000:]
    pages = {span.attributes["gleanery.depth"]: span for span in receiver.named("page")}
    assert len(receiver.named("page")) == len({s.trace for s in receiver.named("page")}) == 3
    assert (pages[0].parent, pages[0].links, pages[1].links) == ("", (), (pages[0].id,))
    assert pages[0].attributes == {
        "server.address": "127.0.0.1", "gleanery.depth": 0, "gleanery.crawl": "mine",
        "http.response.status_code": 200, "http.response.body.size": len(site.page(0)),
    }  # fmt: skip
    for store in receiver.named("store"):
        assert [s.name for s in receiver.above(store)] == ["store", "item", "page"]
    of_root = [s for s in receiver.spans if s.trace == pages[0].trace]
    (tool,) = [s for s in of_root if s.service == "gleanery-models"]
    assert tool.attributes["gen_ai.tool.name"] == "classify_batch"
    way = receiver.above(tool)
    assert [s.name for s in way[-3:]] == ["classify", "item", "page"]
    assert {s.service for s in way[1:]} == {"gleanery-crawl"}
    assert any(row["message"].startswith("Listening on") for row in rows_of(server.log))
    logged = {row["trace_id"] for row in rows_of(result.log) if "trace_id" in row}
    assert logged <= {s.trace for s in receiver.spans}
    assert TOKEN.encode() not in receiver.raw
    assert b"AIza" not in receiver.raw


@pytest.mark.slow
def test_a_worker_goes_on_with_the_trace_of_the_item_it_works_on(receiver, tmp_path):
    clip = draw_clip_with_sound(tmp_path / "clip.mp4").read_bytes()
    with VideoSite(clip) as site:
        crawl(tmp_path, site, [1], CLASSIFY_ENABLED=False, env=receiver.env)
        done = gleanery(tmp_path, "work", "--once", "--json", **WORK, **receiver.env)

    assert done.json["steps"] == {"download": 1, "split_sound": 1}
    steps = receiver.named("work step")
    assert [s.attributes["gleanery.step"] for s in steps] == ["download", "split_sound"]
    for step in steps:
        way = receiver.above(step)
        assert [s.name for s in way] == ["work step", "work", "vectorize", "item", "page"]
        assert [s.service for s in way[:3]] == ["gleanery-work", "gleanery-work", "gleanery-crawl"]


def test_what_waited_in_the_spool_is_stored_in_its_own_trace(receiver, tmp_path):
    (tmp_path / "spool").mkdir()
    spool = Spool(tmp_path / "spool" / "other", max_bytes=2**20)
    items = [Article(platform="web", external_id=str(n), url="u") for n in range(2)]
    spool.append(items, {items[1].identity: f"00-{TRACE}-{SPAN}-01"})

    save(tmp_path)  # a store that is there
    result = gleanery(
        tmp_path, "db", "replay", "--from", str(spool.folder), "--json", **receiver.env
    )

    assert result.json["saved"] == 2
    (replay,) = receiver.named("replay")
    assert (replay.trace, replay.parent) == (TRACE, SPAN)


def test_nothing_is_imported_where_nothing_is_asked_for(tmp_path):
    look = (
        "import sys, crawlers.settings as s, pipelines.store, pipelines.vectorize\n"
        "found = [m for m in sys.modules if m.startswith('opentelemetry')]\n"
        "print(found, hasattr(s, 'ITEM_PROCESSOR'))"
    )
    env = {k: v for k, v in clean_env(tmp_path).items() if not k.startswith("OTEL_")}

    out = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )

    assert out.stdout.strip() == "[] False"


def test_a_way_to_send_that_we_do_not_speak_is_named(monkeypatch):
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "zipkin")

    with pytest.raises(ConfigError, match="zipkin"):
        start_tracing("test", Config())
