"""Items that the stores' contract tests save."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from items import Annotation, Post, Video

NOW = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
POST = Post(
    platform="reddit", external_id="t3_a", url="https://example.com/a", depth=1, fetched_at=NOW,
    title="서울 여행 후기", text="경복궁과 맛집을 다녀왔다. A great party.", score=7,
)  # fmt: skip
CLASSIFIED = replace(
    POST, category="life_lifestyle", subcategory="travel", headline="서울 여행", classified_at=NOW,
    annotations=[Annotation(tool="classify", engine="e5", version="1", value={"title": "서울"})],
)  # fmt: skip


def a_video(number: int, **more) -> Video:
    return Video(
        platform="youtube",
        external_id=f"v{number}",
        url="https://example.com/v",
        fetched_at=NOW,
        **more,
    )
