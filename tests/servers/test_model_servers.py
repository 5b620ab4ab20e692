"""The client with several servers, and with servers that are busy."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager

import pytest

from gleanery.errors import ModelBusyError, ModelToolError
from model_server.batching import WaitingJobs
from model_server.client import ModelClient
from model_server.engines.stub import StubOptions
from model_server.link import Link
from model_server.schema import Document
from model_server.server import build_server
from tests.conftest import until
from tests.crawl import scrapy_crawl
from tests.model_echo import TAXONOMY, EchoEngine, engine_set
from tests.model_serving import Served


def documents(count, text="1"):
    return [Document(id=str(n), text=f"{n % 19} {text}") for n in range(count)]


async def classify_all(client, asked):
    return await asyncio.gather(*(client.classify(d) for d in asked), return_exceptions=True)


@pytest.fixture
def two():
    with Served(EchoEngine()) as first, Served(EchoEngine()) as second:
        yield first, second


async def test_work_is_spread_over_servers_that_are_free(two):
    """One is slow: the other does most, and every answer is the document's own."""
    first, second = two
    first.engine.options = StubOptions(latency_seconds=0.2)
    client = ModelClient([first.url, second.url], timeout=60, batch_size=4)
    await client.open()
    await until(lambda: all(link.available for link in client._short.links))

    answers = await classify_all(client, documents(200))

    assert [(a.id, a.category) for a in answers] == [
        (str(n), TAXONOMY.keys[n % 19]) for n in range(200)
    ]
    done = [sum(served.engine.batches) for served in two]
    assert sum(done) == 200
    assert 0 < done[0] < done[1]
    await client.close()


async def test_a_dead_server_is_left_out_and_comes_back(two):
    first, second = two
    client = ModelClient([first.url, second.url], timeout=60, batch_size=4, patience=0.1)
    await client.open()
    await until(lambda: all(link.available for link in client._short.links))
    await asyncio.to_thread(second.stop)

    answers = await classify_all(client, documents(40))
    await until(lambda: not client._short.links[1].available)
    sole = sum(first.engine.batches)
    await asyncio.to_thread(second.start)
    await until(lambda: client._short.links[1].available)
    first.engine.options = StubOptions(latency_seconds=0.2)
    answers += await classify_all(client, documents(40))

    assert [a.id for a in answers] == [str(n) for n in range(40)] * 2
    assert sole == 40
    assert sum(second.engine.batches) > 0
    await client.close()


async def test_a_busy_server_is_asked_again_after_a_rest():
    """Its queue takes a tenth of what comes: nothing is lost, nothing is answered twice."""
    engine = EchoEngine(options=StubOptions(latency_seconds=0.02, max_waiting=8, linger_seconds=0))
    server = build_server(engine_set(engine), TAXONOMY)
    clients = [ModelClient(server, timeout=60, batch_size=8) for _ in range(4)]
    for client in clients:
        await client.open()

    answers = await asyncio.gather(*(classify_all(c, documents(80)) for c in clients))

    for own in answers:
        assert [(a.id, a.category) for a in own] == [
            (str(n), TAXONOMY.keys[n % 19]) for n in range(80)
        ]
    assert sum(engine.batches) == 320
    for client in clients:
        await client.close()


async def test_a_server_that_stays_busy_is_given_up_in_the_end():
    """After the time limit of a call; the error says that it was busy."""
    engine = EchoEngine(options=StubOptions(max_waiting=1, linger_seconds=0))
    engines = engine_set(engine)
    server = build_server(engines, TAXONOMY)
    blocker = [ModelClient(server, timeout=60, batch_size=1) for _ in range(2)]
    client = ModelClient(server, timeout=2, batch_size=8)
    for one in (*blocker, client):
        await one.open()
    held = asyncio.gather(*(b.classify(Document(text="1 gate")) for b in blocker))
    await until(lambda: engines.main.waiting == 1)

    answers = await classify_all(client, documents(3))

    assert {type(a) for a in answers} == {ModelBusyError}
    assert "echo is busy: 1 documents wait" in str(answers[0])
    engine.gate.set()
    await held
    for one in (*blocker, client):
        await one.close()


@pytest.mark.slow
def test_a_crawl_goes_on_with_the_servers_that_are_there(tmp_path):
    """One of two addresses in ``MODEL_SERVER_URL`` leads nowhere."""
    with socket.socket() as nobody, Served(EchoEngine()) as served:
        nobody.bind(("127.0.0.1", 0))
        away = f"http://127.0.0.1:{nobody.getsockname()[1]}/mcp"
        result = scrapy_crawl(
            "burst",
            tmp_path,
            settings={
                "SPIDER_MODULES": "tests.spiders",
                "CLASSIFY_ENABLED": True,
                "MODEL_SERVER_URL": f"{away}, {served.url}",
                "MODEL_PATIENCE_SECONDS": 60,
            },
            page=served.url.replace("/mcp", "/healthz"),
            items=200,
        )

    assert {row["external_id"]: row["category"] for row in result.items} == {
        str(n): TAXONOMY.keys[n % 19] for n in range(200)
    }
    assert result.stats["classify/classified"] == 200


async def test_the_other_tools_have_typed_answers():
    client = ModelClient(build_server(engine_set(), TAXONOMY), timeout=60)
    await client.open()

    titles = await client.title([Document(id="a", text="첫 문장이다. 둘째 문장이다.")])
    engines = await client.list_engines()
    taxonomy = await client.taxonomy()

    assert [(t.id, t.text, t.engine) for t in titles.results] == [
        ("a", "첫 문장이다.", "extractive")
    ]
    assert [e.name for e in engines.engines if e.active] == ["echo"]
    assert [c.key for c in taxonomy.categories] == list(TAXONOMY.keys)
    for ask in (
        client.embed(["text"]),
        client.summarize([Document(text="text")]),
        client.propose_category([Document(text="text")]),
        client.describe_image("none"),
    ):
        with pytest.raises(ModelToolError, match="no engine of this server can"):
            await ask
    await client.close()


class DiesWhenCancelled:
    """A connector whose transport hides a cancellation behind the error that it dies of."""

    hopeless = False

    @asynccontextmanager
    async def connect(self):
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            raise OSError("connection refused") from None
        yield

    def explain(self, error):
        return str(error)


async def test_closing_ends_though_the_transport_hides_that_it_was_cancelled():
    link = Link(
        DiesWhenCancelled(),
        WaitingJobs(),
        timeout=1,
        batch_size=1,
        patience=1,
        when_away=lambda: None,
    )
    link.open()
    await asyncio.sleep(0.01)

    await asyncio.wait_for(link.close(), 60)

    assert not link.is_open
