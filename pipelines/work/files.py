"""Steps that make files: the videos themselves, and their sound apart."""

from __future__ import annotations

import asyncio
import shutil
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from gleanery.errors import MediaUnavailableError, PlatformUnavailableError
from items.media_file import MediaFile
from media.probe import probe
from media.sound import split_sound as split
from pipelines.work.tools import files_of
from platforms.media.download import download as fetch

if TYPE_CHECKING:
    from collections.abc import Callable

    from items import Item
    from media.store import MediaStore
    from pipelines.work.tools import Report, Tools


async def download(tools: Tools, item: Item, _what: str, report: Report) -> None:
    """Fetch the item's videos into the media store, with their facts.

    Raises:
        PlatformUnavailableError: Whoever has the video does not answer.
        MediaError: It is refused, or is none; or the media store is away.
    """
    folder, stop = tools.folder(item), threading.Event()
    try:
        files = await asyncio.to_thread(
            _fetch_all, tools, item, lambda done, total: report(done, total, "B"), stop.is_set
        )
    finally:
        stop.set()  # a thread cannot be cancelled, it asks
    await tools.save(item, *files)
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _fetch_all(
    tools: Tools,
    item: Item,
    progress: Callable[[int, int | None], object],
    cancelled: Callable[[], bool],
) -> list[MediaFile]:
    try:
        found = fetch(
            item, tools.config, tools.folder(item), progress=progress, cancelled=cancelled
        )
    except MediaUnavailableError as error:  # the source is, not our own media store
        raise PlatformUnavailableError(str(error)) from error
    return [one.keep(tools.media) for one in found]


async def split_sound(tools: Tools, item: Item, _what: str, _report: Report) -> None:
    """Keep the sound of each video as a file of its own.

    Raises:
        MediaError: A video is not there, or cannot be read.
    """
    for video in files_of(item, "video"):
        has_sound = "audio_codec" in video.facts
        if has_sound and not any(m.source == video.key for m in files_of(item, "audio")):
            await tools.save(item, await asyncio.to_thread(_split_one, tools.media, video))


def _split_one(media: MediaStore, video: MediaFile) -> MediaFile:
    with TemporaryDirectory() as folder, media.local(video.key) as path:
        sound, kind = split(path, Path(folder) / "sound")
        facts = probe(sound).to_dict()
        stored = media.put_file(sound, move=True)
    return MediaFile(
        key=stored.key,
        role="audio",
        content_type=kind,
        size=stored.size,
        source=video.key,
        facts=facts,
    )
