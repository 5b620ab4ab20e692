"""Calls that take minutes: progress, time limits, calling off, kills, and their neighbours."""

from __future__ import annotations

import asyncio
import base64

import numpy as np
import pytest

from gleanery.errors import ModelToolError, ModelUnavailableError
from media.store import open_media
from model_server.client import ModelClient
from model_server.engines.stub import StubOptions
from model_server.schema import Document
from model_server.server import build_server
from tests.conftest import until
from tests.model_echo import TAXONOMY, EchoEngine, engine_set
from tests.model_seeing import SeeingEngine
from tests.model_serving import Served


def frames(count, colour=(200, 30, 30)):
    pixels = np.zeros((count, 224, 224, 3), np.uint8)
    pixels[:] = colour
    return base64.b64encode(pixels.tobytes()).decode()


@pytest.fixture
def media(tmp_path):
    return open_media(tmp_path / "media")


@pytest.fixture(params=["memory", "http"])
def serve(request, media):
    """Serve an engine; return what a client takes."""
    served = []

    def start(engine):
        if request.param == "memory":
            return build_server(engine_set(engine), TAXONOMY, media=media)
        served.append(Served(engine, media=media))
        served[-1].start()
        return served[-1].url

    yield start
    for one in served:
        one.stop()


async def test_progress_is_told_clip_by_clip_and_never_falls(serve):
    client = ModelClient(serve(SeeingEngine()), timeout=60)
    await client.open()
    heard = []

    result = await client.vectorize_frames(
        frames(24), progress=lambda done, total, message: heard.append((done, total, message))
    )
    await client.close()

    assert (result.clips, result.frames, result.dim, result.labels[0].name) == (3, 24, 4, "red")
    assert [done for done, *_ in heard] == sorted({done for done, *_ in heard})
    assert heard[-1] == (pytest.approx(24, abs=0.01), 24, "3 clips")  # signs of life add a bit


async def test_a_call_is_waited_for_as_long_as_the_tool_says_it_is_at_work(serve):
    """The engine takes three times the time limit; documents do not wait behind it."""
    engine = SeeingEngine()
    client = ModelClient(serve(engine), timeout=2.5)
    await client.open()
    engine.open.clear()
    heard = []

    asked = asyncio.create_task(
        client.vectorize_frames(frames(8), progress=lambda *told: heard.append(told))
    )
    await until(lambda: len(heard) >= 7)
    assert not asked.done()
    engine.open.set()

    assert (await asked).clips == 1
    await client.close()


async def test_documents_are_answered_while_videos_wait(media):
    """Long calls have connections of their own; here more of them than documents have."""
    seeing, echo = SeeingEngine(), EchoEngine()
    server = build_server(engine_set(echo, seeing), TAXONOMY, media=media)
    client = ModelClient(server, timeout=60)
    await client.open()
    seeing.open.clear()
    videos = [asyncio.create_task(client.vectorize_frames(frames(8))) for _ in range(6)]
    await until(lambda: client._long.available)

    answers = await asyncio.gather(
        *(client.classify(Document(text=f"{n} text")) for n in range(19))
    )
    seeing.open.set()

    assert [a.category for a in answers] == list(TAXONOMY.keys)
    assert [v.clips for v in await asyncio.gather(*videos)] == [1] * 6
    await client.close()


async def test_calling_off_stops_the_work_between_two_clips(serve):
    """And the connection serves the next call."""
    engine = SeeingEngine(options=StubOptions(max_batch=1))
    client = ModelClient(serve(engine), timeout=60)
    await client.open()
    engine.open.clear()
    asked = asyncio.create_task(client.vectorize_frames(frames(128)))
    await until(lambda: engine.begun)

    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    await asyncio.sleep(1.5)
    engine.open.set()
    again = await client.vectorize_frames(frames(8))
    await client.close()

    assert again.clips == 1
    assert engine.clips <= 4  # one or two were under way, and the one asked for after


async def test_silence_is_unavailability(serve, monkeypatch):
    monkeypatch.setattr("model_server.flow.MOST_BEATS", 1)
    engine = SeeingEngine()
    client = ModelClient(serve(engine), timeout=2)
    await client.open()
    engine.open.clear()

    with pytest.raises(ModelUnavailableError, match="no answer"):
        await client.vectorize_frames(frames(8))
    engine.open.set()
    await client.close()


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        ("!", {}, "not base64"),
        ("AAAA", {}, "no whole number of frames"),
        ("", {}, "0 bytes are no whole number"),
        (frames(2), {"times": [1.0]}, "1 times for 2 frames"),
        (frames(2), {"times": [2.0, 1.0]}, "not fall"),
        (frames(129), {}, "more than 128 frames"),
    ],
)
async def test_a_wrong_call_is_told_what_to_do(media, given, options, message):
    client = ModelClient(
        build_server(engine_set(SeeingEngine()), TAXONOMY, media=media), timeout=60
    )
    await client.open()

    with pytest.raises(ModelToolError, match=message):
        await client.vectorize_frames(given, **options)
    await client.close()


@pytest.mark.parametrize(
    ("engine", "message"),
    [
        (EchoEngine, "no engine of this server can vectorize_video"),
        (SeeingEngine, "no media store"),
    ],
)
async def test_what_the_server_lacks_is_said(engine, message):
    client = ModelClient(build_server(engine_set(engine()), TAXONOMY), timeout=60)
    await client.open()

    with pytest.raises(ModelToolError, match=message):
        await client.vectorize_frames(frames(8))
    await client.close()


async def test_a_crash_over_a_clip_ends_the_call_not_the_server(serve):
    engine = SeeingEngine()
    client = ModelClient(serve(engine), timeout=60)
    await client.open()

    with pytest.raises(ModelToolError) as caught:
        await client.vectorize_frames(frames(16, colour=(0, 0, 0)))
    after = await client.vectorize_frames(frames(8))
    await client.close()

    assert "secret" not in str(caught.value)
    assert after.clips == 1
