"""Items that the stores' contract tests save."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import get_type_hints

from items import Annotation, Article, Author, Comment, Post, Video

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


STRINGS = {
    "emoji": "🙂😀👩‍👩‍👧‍👦",
    "jamo": "\u1112\u1161\u11ab ㅎㅏㄴ",
    "nul": "a\x00b",
    "sql": "'; DROP TABLE items; -- \\\" %s :name {0}",
    "mongo": "$where.$ne: {'$gt': ''}",
    "controls": "\r\n\t\x1b[31m\u202e\ufeff\uffff",
    "ideographs": "𠮷野家 \U0010ffff",
    "spaces": "  both ends  ",
}
"""What people write, well-meant or not."""
WHOLE_KINDS = (Post, Comment, Article, Video, Author)


def whole(kind, text):
    """Return an item with ``text`` in every field that holds texts."""
    hints = get_type_hints(kind)
    texts = {
        field.name: [text] if hints[field.name] == list[str] else text
        for field in fields(kind)
        if field.init and hints[field.name] in (str, str | None, list[str])
    }
    return kind(**texts | {"platform": kind.__name__.lower(), "fetched_at": NOW})


def odd_items():
    """Return items of every kind with everything odd in every text, and of the first and last day.

    Half a surrogate pair is what JSON may hold and no encoding can.
    """
    strings = [*STRINGS.values(), "half \ud800."]
    odd = [whole(kind, text) for kind in WHOLE_KINDS for text in strings]
    odd[-1].title = ("가나다 \u1112\u1161\u11ab 🙂 " * 2**17)[: 2**20]
    days = {"first": datetime.min, "last": datetime.max}
    return odd + [
        a_video(n, title=name, published_at=day.replace(tzinfo=UTC), view_count=2**63 - 1)
        for n, (name, day) in enumerate(days.items())
    ]
