"""Stored rows as what the API answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from client_api import models
from exports.row import source_name
from storage.described import described

if TYPE_CHECKING:
    from collections.abc import Sequence

    from items.topic import Topic
    from items.transcript import Transcript
    from storage.store import Row

TITLE, EXCERPT = 1000, 500
"""Characters shown in lists."""


def summary(row: Row) -> models.Summary:
    """Return an item of a list."""
    return models.Summary(**_shared(row) | {"title": row["title"][:TITLE]})


def detail(row: Row, transcripts: Sequence[Transcript]) -> models.Detail:
    """Return one item, whole."""
    return models.Detail(
        **_shared(row),
        text=row["text"],
        links=row["links"],
        media=row["media"],
        tags=row.get("tags") or [],
        licence=row.get("licence"),
        duration_seconds=row.get("duration_seconds"),
        counts=models.Counts(
            score=row.get("score"),
            views=row.get("view_count"),
            likes=row.get("like_count"),
            comments=row.get("comment_count"),
        ),
        transcripts=[
            models.Transcript(language=t.language, engine=t.engine, text=t.text)
            for t in transcripts
        ],
        annotations=[models.Note.model_validate(note) for note in row["annotations"]],
        files=[models.File.model_validate(file) for file in row.get("media_files") or ()],
    )


def topic(found: Topic) -> models.HotTopic:
    """Return a hot topic."""
    return models.HotTopic(
        key=found.key,
        category=found.group or None,
        title=found.title,
        keywords=found.keywords,
        items=found.members,
        platforms=found.platforms,
        recent=found.recent,
        growth=found.growth,
        heat=found.heat,
        first_at=found.first_at,
        at=found.at,
    )


def _shared(row: Row) -> dict[str, Any]:
    names = ("identity", "platform", "kind", "url", "title", "headline", "language", "author")
    more = ("category", "subcategory", "needs_review", "published_at", "fetched_at", "parent")
    return {name: row.get(name) for name in (*names, *more)} | {
        "excerpt": row["text"][:EXCERPT],
        "source": source_name(row.get("community"), row.get("site"), row.get("channel_id")) or None,
        "quality": described(row)["quality"],
        "root": row.get("root"),
    }
