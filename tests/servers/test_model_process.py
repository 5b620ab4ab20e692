"""``python -m model_server`` with the trivial engine: metrics, limits, the end, and kills."""

from __future__ import annotations

import asyncio
import signal

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gleanery.errors import ModelServerError
from model_server.client import ModelClient
from model_server.engines.stub import StubOptions
from model_server.http import MAX_BODY
from model_server.schema import Document
from tests.conftest import until, wait_until
from tests.model_echo import EchoEngine
from tests.model_process import stub_process
from tests.model_serving import Served


def metrics_of(url):
    """Value of each sample, by name and labels in the order of their names."""
    text = (
        httpx2.get(url.replace("/mcp", "/metrics"), timeout=60, verify=False)
        .raise_for_status()
        .text
    )
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_metrics_tell_what_was_done_and_refused():
    """They need no token: they name engines, never what was asked."""
    labels = ("classify", "echo")
    busy = ("gleanery_model_calls_total", *labels, "busy")
    engine = EchoEngine(options=StubOptions(max_waiting=4, linger_seconds=0))
    with Served(engine, token="s3cret") as served:
        client = ModelClient(served.url, token="s3cret", timeout=60, batch_size=3)
        await client.open()
        await asyncio.gather(*(client.classify(Document(text="1 abc")) for _ in range(3)))
        with pytest.raises(ModelServerError):
            await client.classify(Document(text="1 boom"))
        held = asyncio.gather(*(client.classify(Document(text="1 gate")) for _ in range(6)))
        await until(lambda: served.engines.main.waiting == 3)  # 3 more are computed
        other = ModelClient(served.url, token="s3cret", timeout=60, batch_size=3)
        await other.open()
        refused = asyncio.gather(*(other.classify(Document(text="2 abc")) for _ in range(3)))
        await asyncio.to_thread(wait_until, lambda: busy in metrics_of(served.url), seconds=60)
        full = await asyncio.to_thread(metrics_of, served.url)
        engine.gate.set()
        await held
        await refused  # asked again, there is room
        found = await asyncio.to_thread(metrics_of, served.url)
        await client.close()
        await other.close()

    assert full["gleanery_model_queue_documents", "echo"] == 3
    assert found["gleanery_model_documents_total", *labels] == 12
    assert found["gleanery_model_tokens_total", *labels] == 36
    assert found["gleanery_model_batch_documents_count", *labels] == 4
    assert found["gleanery_model_batch_seconds_count", *labels] == 4
    assert found["gleanery_model_batch_failures_total", *labels] == 1
    assert found["gleanery_model_calls_total", *labels, "answered"] == 4
    assert found["gleanery_model_calls_total", *labels, "failed"] == 1
    assert found[busy] >= 1
    assert found["gleanery_model_call_seconds_count", *labels] == 4
    assert found["gleanery_model_queue_documents", "echo"] == 0
    assert found["gleanery_model_engine_ready", "echo"] == 1
    assert found["process_resident_memory_bytes",] > 0


def waiting(server):
    """Documents that wait for the engine: with ``max_batch`` 1, the first one is computed."""
    return metrics_of(server.url)["gleanery_model_queue_documents", "trivial"]


def refuses(server):
    try:
        httpx2.get(server.url.replace("/mcp", "/healthz"), timeout=60, verify=False)
    except httpx2.TransportError:
        return True
    return False


def test_an_engine_that_fails_its_self_test_is_not_ready():
    with Served(EchoEngine(options=StubOptions(self_test=True))) as served:
        with pytest.raises(Exception, match="self-test failed"):
            served.engines.main.start().result()
        answer = httpx2.get(served.url.replace("/mcp", "/readyz"), timeout=60)
        found = metrics_of(served.url)

    (row,) = answer.json()["engines"]
    assert (answer.status_code, row["ready"]) == (503, False)
    assert "known answers are wrong" in row["error"]
    assert found["gleanery_model_engine_ready", "echo"] == 0


@pytest.mark.parametrize("chunked", [False, True], ids=["length told", "chunked"])
def test_a_body_that_is_too_large_is_refused(chunked):
    body = b"x" * (MAX_BODY + 1)
    headers = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
    with Served(EchoEngine()) as served:
        answer = httpx2.post(served.url, content=iter([body]) if chunked else body, headers=headers)

    assert answer.status_code == 413


async def test_the_longest_allowed_call_is_accepted():
    """64 documents of 4,000 characters that JSON may write as escapes of 6 bytes."""
    with Served(EchoEngine()) as served:
        client = ModelClient(served.url, timeout=60, batch_size=64)
        await client.open()
        texts = ["1 " + "\x01" * 3_998] * 64
        answers = await asyncio.gather(
            *(client.classify(Document(text=t, title="\x02" * 4_000)) for t in texts)
        )
        await client.close()

    assert len(answers) == 64


async def test_sigterm_answers_what_is_under_way_and_refuses_what_comes(tmp_path):
    server = stub_process(tmp_path, latency_seconds=0.7, max_batch=1)
    await asyncio.to_thread(server.start)
    client = ModelClient(server.url, timeout=60, patience=90)
    await client.open()
    asked = asyncio.gather(*(client.classify(Document(id=name, text="7")) for name in "abc"))
    await asyncio.to_thread(wait_until, lambda: waiting(server) or asked.done(), seconds=60)

    ended = asyncio.create_task(asyncio.to_thread(server.stop))
    await asyncio.to_thread(wait_until, lambda: refuses(server), seconds=60)

    assert [answer.id for answer in await asked] == ["a", "b", "c"]
    assert await ended == 0
    assert "Traceback" not in server.log
    await client.close()


@pytest.mark.slow
async def test_sigterm_does_not_wait_for_ever(tmp_path):
    """Its end is waited for a tenth as long as the engine takes."""
    server = stub_process(tmp_path, "--drain-seconds", "1", latency_seconds=1800, max_batch=1)
    await asyncio.to_thread(server.start)
    client = ModelClient(server.url, timeout=60, patience=90)
    await client.open()
    asked = asyncio.gather(
        *(client.classify(Document(text="7")) for _ in range(2)), return_exceptions=True
    )
    await asyncio.to_thread(wait_until, lambda: waiting(server), seconds=60)

    status = await asyncio.to_thread(server.stop)

    assert status == 0
    assert "still computing" in server.log
    await client.close()
    assert all(isinstance(answer, ModelServerError) for answer in await asked)


@pytest.mark.slow
async def test_nothing_is_lost_or_doubled_over_five_kills(tmp_path):
    """4,000 documents; the benchmark of serving does the same with 20,000 through a crawl."""
    server = stub_process(tmp_path, latency_seconds=0.02)
    await asyncio.to_thread(server.start)
    client = ModelClient(server.url, timeout=60, batch_size=16, patience=90)
    await client.open()
    done = []

    async def ask(number):
        answer = await client.classify(Document(id=str(number), text=f"{number % 19}"))
        done.append(answer.id)

    asked = asyncio.gather(*(ask(number) for number in range(4_000)))
    for kill in range(1, 6):
        await asyncio.to_thread(wait_until, lambda k=kill: len(done) >= k * 600, seconds=60)
        await asyncio.to_thread(server.stop, signal.SIGKILL)
        await asyncio.to_thread(server.start)
    await asked
    await client.close()
    await asyncio.to_thread(server.stop)

    assert sorted(done, key=int) == [str(number) for number in range(4_000)]
