"""What a worker makes of a transcript."""

from __future__ import annotations

import pytest

from gleanery.config import Config
from items import Annotation, MediaFile, Video, item_from_dict
from media.probe import probe
from media.store import open_media
from model_server.client import ModelClient
from model_server.server import build_server
from pipelines.work import sound
from pipelines.work.files import split_sound
from pipelines.work.tools import Tools
from storage import open_store
from tests.media.making import video
from tests.model_echo import TAXONOMY, engine_set
from tests.model_talking import TalkingEngine

PLAN = "transcribe+summarize"


@pytest.fixture
async def tools(tmp_path):
    client = ModelClient(build_server(engine_set(TalkingEngine()), TAXONOMY), timeout=60)
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


async def test_a_film_without_sound_goes_through_every_plan_and_asks_nobody(tools, tmp_path):
    """It gets its empty answers, so that it is not tried again."""
    path = video(tmp_path / "mute.mp4", seconds=1)
    film = MediaFile(key=tools.media.put_file(path).key, role="video", content_type="video/mp4",
                     size=path.stat().st_size, facts=probe(path).to_dict())  # fmt: skip
    item = Video(platform="youtube", external_id="a", url="https://youtu.be/a", media_files=[film])
    tools.store.save([item])
    steps = ["separate", "denoise", "transcribe", "summarize"]
    plans = ["+".join(steps[: n + 1]) for n in range(len(steps))]

    await split_sound(tools, item, "", lambda *_: None)
    for plan in plans:
        await sound.run(tools, item, plan, lambda *_: None)

    stored = item_from_dict(tools.store.find(item.identity))
    assert all(sound.is_done(stored, plan) for plan in plans)
    assert [file.role for file in stored.media_files] == ["video"]
    assert {a.tool: (a.value["text"], a.engine) for a in stored.annotations} == {
        "transcribe": ("", ""),
        "summarize": ("", ""),
    }


async def test_silence_has_an_empty_summary_of_no_engine(tools):
    summary = await summary_of(tools, "")

    assert (summary["value"]["text"], summary["engine"]) == ("", "")
