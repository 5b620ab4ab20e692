"""What a worker sees is in the store, and compared from there."""

from __future__ import annotations

import pytest

from gleanery.config import Config
from items import MediaFile, Video, item_from_dict
from media.store import open_media
from model_server.client import ModelClient
from model_server.server import build_server
from pipelines.work.tools import Tools
from pipelines.work.video import vectorize_video
from tests.cli import gleanery
from tests.media.making import scenes
from tests.model_echo import TAXONOMY, engine_set
from tests.model_seeing import SeeingEngine
from tests.store_servers import emptied

pytest.importorskip("safetensors", reason="needs gleanery[media]")
pytest.importorskip("av", reason="needs gleanery[media]")


@pytest.fixture(params=["sqlite", "mysql+mongodb"])
async def tools(request, tmp_path, store_options):
    media = open_media(tmp_path / "media")
    client = ModelClient(
        build_server(engine_set(SeeingEngine()), TAXONOMY, media=media), timeout=60
    )
    await client.open()
    store = emptied(request.param, tmp_path / "gleanery.db", store_options(request.param))
    store.init()
    with store:
        yield Tools(config=Config(home=tmp_path), store=store, media=media, client=client)
    await client.close()


def a_film(tools, folder, number, colour) -> Video:
    film = tools.media.put_file(scenes(folder / f"{number}.mp4", colour, seconds=2))
    video = Video(
        platform="youtube", external_id=f"v{number}", url=f"https://y.com/{number}",
        media_files=[
            MediaFile(key=film.key, role="video", content_type="video/mp4", size=film.size)
        ],
    )  # fmt: skip
    tools.store.save([video])
    return video


async def test_vectors_are_kept_and_compared_without_their_files(tools, tmp_path):
    red, pink, blue = items = [
        a_film(tools, tmp_path, number, f"color=c={colour}")
        for number, colour in enumerate(("red", "0xFF3040", "blue"))
    ]
    for item in items:
        await vectorize_video(tools, item, "", lambda *_: None)

    found = {v.identity: v for v in tools.store.vectors()}
    assert found.keys() == {item.identity for item in items}
    answer = item_from_dict(tools.store.find(red.identity)).annotations[0]
    kept = found[red.identity]
    assert (kept.video, kept.version, len(kept.values)) == (
        red.media_files[0].key, answer.version, answer.value["dim"],
    )  # fmt: skip
    for row in tools.store.scan():
        for file in row["media_files"]:
            tools.media.delete(file["key"])
    options = tools.store.options
    env = {"GLEANERY_STORE": tools.store.name, "GLEANERY_MYSQL_URL": options.mysql_url,
           "GLEANERY_MONGODB_URL": options.mongodb_url}  # fmt: skip
    like = gleanery(tmp_path, "similar", red.identity, "--json", **env)
    assert [row["name"] for row in like.json] == [pink.identity, blue.identity], like.stderr
