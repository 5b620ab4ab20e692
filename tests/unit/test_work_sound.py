"""What a worker makes of a transcript."""

from __future__ import annotations

import pytest

from gleanery.config import Config
from items import Annotation, Video, item_from_dict
from media.store import open_media
from model_server.client import ModelClient
from model_server.server import build_server
from pipelines.work import sound
from pipelines.work.tools import Tools
from storage import open_store
from tests.model_echo import TAXONOMY, engine_set
from tests.model_talking import TalkingEngine

PLAN = "transcribe+summarize"


@pytest.fixture
async def tools(tmp_path):
    client = ModelClient(build_server(engine_set(TalkingEngine()), TAXONOMY), timeout=20)
    await client.open()
    with open_store("sqlite", tmp_path / "gleanery.db") as store:
        yield Tools(
            config=Config(home=tmp_path), store=store, media=open_media("memory://w"), client=client
        )
    await client.close()


async def summary_of(tools, text) -> dict:
    heard = Annotation(tool="transcribe", engine="w", version="1",
                       value={"text": text, "language": "en"})  # fmt: skip
    item = Video(platform="youtube", external_id="a", url="https://youtu.be/a", annotations=[heard])
    tools.store.save([item])
    await sound.run(tools, item, PLAN, lambda *_: None)
    stored = item_from_dict(tools.store.find(item.identity))
    assert sound.is_done(stored, PLAN)
    return next(a.to_dict() for a in stored.annotations if a.tool == "summarize")


async def test_a_long_transcript_is_summed_up_to_its_end(tools):
    """The engine writes how long each piece is: four pieces become one."""
    summary = await summary_of(tools, "A sentence. " * 1_000)

    assert summary["value"] == {"plan": PLAN, "text": "65 characters."}
    assert (summary["engine"], summary["version"]) == ("echo", "echo-1/taxonomy-1")


async def test_silence_has_an_empty_summary_of_no_engine(tools):
    summary = await summary_of(tools, "")

    assert (summary["value"]["text"], summary["engine"]) == ("", "")
