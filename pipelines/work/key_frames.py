"""The step that keeps key frames of videos as pictures and, if wished, as vector graphics."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from items.media_file import MediaFile
from media.key_frames import key_frames
from media.svg import save_picture, vectorize_frame
from pipelines.work.tools import files_of, put_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from items import Item
    from media.frames import Frame
    from media.store import MediaStore
    from pipelines.work.tools import Report, Tools

MADE_BY = "made_by"
"""Fact of such a file: the step with its plan."""
PREFIX = "key_frames:"


async def run(tools: Tools, item: Item, what: str, report: Report) -> None:
    """Keep the frames of each video; those of an older plan go.

    Raises:
        MediaError: A video is not there, or cannot be decoded.
        ConfigError: The extra ``media`` is not installed.
    """
    for video in _videos(item):
        if not _has(item, video, what):
            stop = threading.Event()
            try:
                made = await asyncio.to_thread(
                    _frames_of, tools.media, video, what, report, stop.is_set
                )
            finally:
                stop.set()  # a thread cannot be cancelled, it asks
            await tools.change(item, _putting(video, made))


def is_done(item: Item, what: str) -> bool:
    """Whether the stored item has the frames of each of its videos."""
    return all(_has(item, video, what) for video in _videos(item))


def _videos(item: Item) -> list[MediaFile]:
    return [m for m in files_of(item, "video") if "video_codec" in m.facts]


def _has(item: Item, video: MediaFile, what: str) -> bool:
    return any(
        m.source == video.key and m.facts.get(MADE_BY) == PREFIX + what
        for m in files_of(item, "image")
    )


def _putting(video: MediaFile, made: list[MediaFile]) -> Callable[[Item], None]:
    def put(item: Item) -> None:
        older = {m.key for m in files_of(item, "image") if _is_frame(m) and m.source == video.key}
        item.media_files = [
            m
            for m in item.media_files
            if not (_is_frame(m) and (m.source == video.key or m.source in older))
        ]
        for file in made:
            put_file(item, file)

    return put


def _is_frame(file: MediaFile) -> bool:
    return str(file.facts.get(MADE_BY, "")).startswith(PREFIX)


def _frames_of(
    media: MediaStore, video: MediaFile, what: str, report: Report, stopped: Callable[[], bool]
) -> list[MediaFile]:
    number, _, drawn = what.partition("+")
    made: list[MediaFile] = []
    with TemporaryDirectory() as folder, media.local(video.key) as path:
        for count, frame in enumerate(key_frames(path, most=int(number)), 1):
            if stopped():
                break
            picture = _picture(media, frame, video, what, Path(folder) / "frame.png")
            made.append(picture)
            if drawn:
                made.append(_graphic(media, frame, picture))
            report(count, int(number), "frames")
    return made


def _picture(media: MediaStore, frame: Frame, video: MediaFile, what: str, path: Path) -> MediaFile:
    save_picture(frame.pixels, path)
    stored = media.put_file(path)
    height, width = frame.pixels.shape[:2]
    return MediaFile(
        key=stored.key,
        role="image",
        content_type="image/png",
        size=stored.size,
        source=video.key,
        facts={
            "at_seconds": round(frame.at_seconds, 3),
            "width": width,
            "height": height,
            MADE_BY: PREFIX + what,
            "stem": str(frame.index),
        },
    )


def _graphic(media: MediaStore, frame: Frame, picture: MediaFile) -> MediaFile:
    drawing = vectorize_frame(frame.pixels)
    stored = media.put_bytes(drawing.svg.encode())
    return MediaFile(
        key=stored.key,
        role="vector_graphic",
        content_type="image/svg+xml",
        size=stored.size,
        source=picture.key,
        facts=picture.facts | {"share": round(drawing.share, 3)},
    )
