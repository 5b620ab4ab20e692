"""The step that turns videos into vectors and labels."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from items.annotation import Annotation
from items.clock import to_iso, utc_now
from items.media_file import MediaFile
from items.video_vector import VideoVector
from model_server.video.similar import read_vector
from pipelines.work.tools import files_of

if TYPE_CHECKING:
    from items import Item
    from model_server.media_schema import VideoVectors
    from pipelines.work.tools import Report, Tools

TOOL = "vectorize_video"


async def vectorize_video(tools: Tools, item: Item, _what: str, report: Report) -> None:
    """Have every video of the item turned into vectors; each result is saved as it comes.

    Raises:
        ModelServerError: A video was refused, or no server answers.
        MediaError: The vectors are not in the media store.
    """
    answers: list[dict[str, Any]] = []
    for video in files_of(item, "video"):
        answer = await tools.client.vectorize_video(
            video.key, progress=lambda done, total, _message: report(done, total, "s")
        )
        answers.append(value_of(answer, video.key))
        annotation = Annotation(
            tool=TOOL,
            engine=answer.engine,
            version=answer.version,
            # The first video speaks for the item; a page that has more of them tells of all.
            value=answers[0] | ({"others": answers[1:]} if answers[1:] else {}),
            score=round(answer.labels[0].score, 4) if answer.labels and not answers[1:] else None,
        )
        await asyncio.to_thread(_keep, tools, item, answer, video.key)  # before it counts as done
        await tools.save(item, _vectors_file(answer, video.key), annotation)


def value_of(answer: VideoVectors, key: str) -> dict[str, Any]:
    """Return what the annotation keeps of an answer: all but what stands elsewhere."""
    row = answer.model_dump(exclude={"engine", "version", "size"})
    return {"video": key} | row


def _keep(tools: Tools, item: Item, answer: VideoVectors, video: str) -> None:
    """Enter the vector of the whole video into the store."""
    with tools.media.local(answer.vectors) as path:
        kept = read_vector(path, item.identity)
    tools.store.save_vector(
        VideoVector(
            identity=item.identity,
            video=video,
            values=tuple(kept.vector.tolist()),
            engine=answer.engine,
            version=kept.version,
            created_at=to_iso(utc_now()),
        )
    )


def _vectors_file(answer: VideoVectors, source: str) -> MediaFile:
    return MediaFile(
        key=answer.vectors,
        role="vectors",
        content_type="application/x-safetensors",
        size=answer.size,
        source=source,
        facts={
            "dim": answer.dim,
            "clips": answer.clips,
            "frames": answer.frames,
            "engine": answer.engine,
            "version": answer.version,
        },
    )
