"""The client that keeps its connection up: in memory, and against servers that die or hang."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
from contextlib import ExitStack

import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gleanery.errors import ModelToolError, ModelUnavailableError
from model_server.client import ModelClient
from model_server.http import build_app
from model_server.schema import Document
from model_server.server import build_server
from tests.conftest import until, wait_until
from tests.model_echo import TAXONOMY, EchoEngine, engine_set
from tests.model_process import ModelServerProcess
from tests.model_serving import Served


async def classify_all(client, texts):
    documents = [Document(id=str(n), text=text) for n, text in enumerate(texts)]
    return await asyncio.gather(*(client.classify(d) for d in documents), return_exceptions=True)


def in_memory(engine=None, **options):
    server = build_server(engine_set(engine), TAXONOMY)
    return ModelClient(server, **({"timeout": 60} | options))


@pytest.fixture
def serve():
    """Serve an engine over HTTP in a thread; return the address."""
    with ExitStack() as stack:
        yield lambda engine, **options: stack.enter_context(Served(engine, **options)).url


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    numbers=st.lists(st.integers(0, 18), min_size=1, max_size=120),
    batch_size=st.integers(1, 64),
)
def test_every_document_gets_its_own_answer_whatever_the_batches(numbers, batch_size):
    """Order is kept, and no document gets another's answer."""
    engine = EchoEngine()

    async def ask():
        client = in_memory(engine, batch_size=batch_size)
        await client.open()
        answers = await classify_all(client, [f"{n} text" for n in numbers])
        await client.close()
        return answers

    answers = asyncio.run(ask())
    assert [a.category for a in answers] == [TAXONOMY.keys[n] for n in numbers]
    assert [a.id for a in answers] == [str(i) for i in range(len(numbers))]
    assert max(engine.batches) <= 64
    assert sum(engine.batches) == len(numbers)


async def test_documents_that_come_together_go_in_one_call():
    engine = EchoEngine()
    client = in_memory(engine, batch_size=32)
    await client.open()

    await classify_all(client, ["1"] * 32)

    assert engine.batches == [32]
    await client.close()


async def test_it_is_opened_used_and_closed_in_different_tasks():
    """As Scrapy does with ``open_spider``, ``process_item`` and ``close_spider``."""
    client = in_memory()

    await asyncio.create_task(client.open())
    answer = await asyncio.create_task(client.classify(Document(text="5")))
    await asyncio.create_task(client.close())

    assert answer.category == TAXONOMY.keys[5]


async def test_the_event_loop_runs_on_while_the_engine_computes():
    """And the engine runs in one thread, never twice at once."""
    engine = EchoEngine()
    client = in_memory(engine, batch_size=1)
    await client.open()

    slow = asyncio.create_task(classify_all(client, ["1 slow", "2 slow"]))
    ticks = 0
    while not slow.done():
        await asyncio.sleep(0.01)
        ticks += 1

    assert [a.category for a in slow.result()] == list(TAXONOMY.keys[1:3])
    assert ticks > 5
    assert len(engine.threads) == 1
    await client.close()


async def test_one_bad_document_does_not_spoil_its_batch():
    client = in_memory()
    await client.open()

    answers = await classify_all(client, ["1", "2 boom", "3"])

    assert [type(a).__name__ for a in answers] == [
        "Classification",
        "ModelToolError",
        "Classification",
    ]
    assert isinstance(answers[1], ModelToolError)
    await client.close()


async def test_closing_fails_what_waits_and_refuses_what_comes():
    engine = EchoEngine()
    client = in_memory(engine, batch_size=1)
    await client.open()
    waiting = asyncio.create_task(classify_all(client, ["1 gate"] * 4))
    await until(lambda: engine.batches)

    await client.close()
    engine.gate.set()

    assert {type(a) for a in await waiting} == {ModelUnavailableError}
    with pytest.raises(ModelUnavailableError, match="not open"):
        await client.classify(Document(text="1"))
    await client.close()


def test_a_program_that_forgets_to_close_still_ends(serve):
    """``asyncio.run`` cancels what is left and waits for it."""
    url = serve(EchoEngine())

    async def forget():
        client = ModelClient(url, timeout=60)
        await client.open()
        return await client.classify(Document(text="8"))

    assert asyncio.run(forget()).category == TAXONOMY.keys[8]


async def test_a_server_that_was_never_there_costs_the_patience_once():
    """After that, documents fail at once: a crawl is not slowed down."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/mcp"
        client = ModelClient(url, timeout=60, patience=0.3)
        await client.open()
        first = await classify_all(client, ["1"] * 3)
        async with asyncio.timeout(60):  # a fifth of what the patience with each would take
            later = await classify_all(client, ["1"] * 1000)
        await client.close()

    assert {type(a) for a in first + later} == {ModelUnavailableError}
    assert url in str(first[0])


async def test_a_server_that_comes_back_is_used_again(serve):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    client = ModelClient(f"http://127.0.0.1:{port}/mcp", timeout=60, patience=0.1)
    await client.open()
    assert isinstance((await classify_all(client, ["1"]))[0], ModelUnavailableError)

    app = build_app(engine_set(), TAXONOMY)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    task = asyncio.create_task(server.serve())
    await until(lambda: client.available)
    (answer,) = await classify_all(client, ["6"])
    await client.close()
    server.should_exit = True
    await task

    assert answer.category == TAXONOMY.keys[6]


@pytest.mark.parametrize("over", ["memory", "http"])
async def test_silence_is_unavailability_and_does_not_hold_up_the_rest(serve, over):
    """The first documents wait for the time limit, the next fail at once, then it works again."""
    engine = EchoEngine()
    server = serve(engine) if over == "http" else build_server(engine_set(engine), TAXONOMY)
    client = ModelClient(server, timeout=1.5, batch_size=2)
    await client.open()

    silent = await classify_all(client, ["1 gate"] * 6)
    async with asyncio.timeout(60):  # a third of what waiting for each call would take
        refused = await classify_all(client, ["1"] * 1000)
    engine.gate.set()
    await until(lambda: client.available)
    (answer,) = await classify_all(client, ["7"])
    await client.close()

    assert {type(a) for a in silent + refused} == {ModelUnavailableError}
    assert "MODEL_TIMEOUT_SECONDS" in str(silent[0])
    assert answer.category == TAXONOMY.keys[7]


@pytest.mark.parametrize(
    ("token", "path", "message"),
    [("guess", "/mcp", "GLEANERY_MODEL_SERVER_TOKEN"), ("right", "/nothing", "ends in /mcp")],
    ids=["wrong token", "wrong path"],
)
async def test_what_only_a_person_can_change_is_said_without_waiting(serve, token, path, message):
    url = serve(EchoEngine(), token="right").replace("/mcp", path)
    client = ModelClient(url, token=token, timeout=60, patience=3600)
    await client.open()

    async with asyncio.timeout(60):
        (answer,) = await classify_all(client, ["1"])

    assert isinstance(answer, ModelUnavailableError)
    assert message in str(answer)
    assert "guess" not in str(answer)
    await client.close()


@pytest.mark.slow
async def test_no_document_is_lost_when_the_server_is_killed_and_started_again(tmp_path, e5_cache):
    """SIGKILL in the middle of a call; the same process starts anew on the same port."""
    shutil.copytree(e5_cache, tmp_path / "cache")
    server = ModelServerProcess(tmp_path)
    await asyncio.to_thread(server.start)
    client = ModelClient(server.url, timeout=60, batch_size=8, patience=90)
    await client.open()
    done = 0

    async def ask(number):
        nonlocal done
        answer = await client.classify(
            Document(id=str(number), text=f"문서 {number} 김치찌개 요리")
        )
        done += 1
        return answer

    asked = [asyncio.create_task(ask(number)) for number in range(120)]
    await asyncio.to_thread(wait_until, lambda: done >= 24, seconds=60)
    await asyncio.to_thread(server.stop, signal.SIGKILL)
    killed_at = done
    await asyncio.to_thread(server.start)
    answers = await asyncio.gather(*asked)
    await client.close()
    await asyncio.to_thread(server.stop)

    assert killed_at < 120
    assert [a.id for a in answers] == [str(number) for number in range(120)]
    assert {a.category for a in answers} == {"food"}
