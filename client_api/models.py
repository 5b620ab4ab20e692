"""What the API answers: types of its own, whatever stores keep."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

EXAMPLE: dict[str, Any] = {
    "identity": "reddit:t3_1abc",
    "platform": "reddit",
    "kind": "post",
    "url": "https://www.reddit.com/r/korea/comments/1abc/",
    "title": "서울 여행 후기",
    "headline": "서울 여행 후기",
    "excerpt": "경복궁과 맛집을 다녀왔다.",
    "language": "ko",
    "author": "minji",
    "source": "korea",
    "category": "life_lifestyle",
    "subcategory": "travel",
    "needs_review": False,
    "quality": 0.82,
    "published_at": "2026-11-20T09:00:00Z",
    "fetched_at": "2026-11-23T01:02:03Z",
    "parent": None,
    "root": None,
}


class Summary(BaseModel):
    """An item in a list."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    identity: str = Field(description="`platform:id`; ask for the item by it.")
    platform: str
    kind: str = Field(description="post, comment, article, video or author.")
    url: str
    title: str = Field(description="At most 1,000 characters; whole in the item itself.")
    headline: str | None = Field(description="Title that a model gave.")
    excerpt: str = Field(description="The first 500 characters of the text.")
    language: str | None
    author: str | None
    source: str | None = Field(description="Community, channel or site.")
    category: str | None
    subcategory: str | None
    needs_review: bool
    quality: float | None = Field(description="Worth for training in [0, 1]; null = not scored.")
    published_at: datetime | None
    fetched_at: datetime
    parent: str | None
    root: str | None = Field(description="Of a comment: what it stands under.")


class Note(BaseModel):
    """What a model or a person said of an item."""

    tool: str
    engine: str
    version: str
    score: float | None
    created_at: str
    value: dict[str, Any]


class File(BaseModel):
    """A file that belongs to an item."""

    role: str
    content_type: str
    size: int = Field(description="Bytes.")


class Counts(BaseModel):
    """Numbers that the platform states."""

    score: int | None
    views: int | None
    likes: int | None
    comments: int | None


class Transcript(BaseModel):
    """What is said in a video."""

    language: str | None
    engine: str
    text: str


class Detail(Summary):
    """One item, whole."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": EXAMPLE
            | {
                "text": "경복궁과 맛집을 다녀왔다.",
                "links": [],
                "media": [],
                "tags": [],
                "licence": None,
                "duration_seconds": None,
                "counts": {"score": 7, "views": None, "likes": None, "comments": 3},
                "transcripts": [],
                "annotations": [],
                "files": [],
            }
        }
    )

    text: str
    links: list[str]
    media: list[str] = Field(description="Addresses of its pictures, clips and sounds.")
    tags: list[str]
    licence: str | None
    duration_seconds: int | None
    counts: Counts
    transcripts: list[Transcript]
    annotations: list[Note]
    files: list[File]


class Items(BaseModel):
    """Some items."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"items": [EXAMPLE], "next": "WyI0ZiIsIjIwMjYiLDddIn"}}
    )

    items: list[Summary]
    next: str | None = Field(description="Cursor of the next page; null after the last one.")


class Found(BaseModel):
    """What a search found, best first."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [EXAMPLE]}})

    items: list[Summary]


class Likeness(BaseModel):
    """A video that looks like another."""

    identity: str
    cosine: float = Field(description="In [-1, 1]; 1 = the same.")


class Similar(BaseModel):
    """Videos that look alike, the most alike first."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"videos": [{"identity": "youtube:abc", "cosine": 0.93}], "left_out": 0}
        }
    )

    videos: list[Likeness]
    left_out: int = Field(description="Videos whose vectors are of another engine or version.")


class HotTopic(BaseModel):
    """What is talked about now, as the last run of `gleanery topics` saw it."""

    key: str = Field(description="Stays from run to run.")
    category: str | None = Field(description="That the run was about; null = all.")
    title: str
    keywords: list[str] = Field(description="Terms that set it apart, the strongest first.")
    items: list[str] = Field(description="Identities, the most central first; at most 200.")
    platforms: dict[str, int] = Field(description="Items by platform.")
    recent: int = Field(description="Texts in the recent days; copies count once.")
    growth: float = Field(description="Recent rate to the earlier one, smoothed.")
    heat: float
    first_at: datetime = Field(description="The first run that found it.")
    at: datetime = Field(description="The last one.")


class Topics(BaseModel):
    """Topics, those of the last run first, the hottest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "topics": [
                    {
                        "key": "0123456789abcdef",
                        "category": None,
                        "title": "서울 불꽃축제",
                        "keywords": ["불꽃", "한강"],
                        "items": ["reddit:t3_1abc"],
                        "platforms": {"reddit": 1},
                        "recent": 9,
                        "growth": 4.2,
                        "heat": 5.1,
                        "first_at": "2026-11-20T09:00:00Z",
                        "at": "2026-11-23T01:02:03Z",
                    }
                ]
            }
        }
    )

    topics: list[HotTopic]


class Health(BaseModel):
    """Whether the API is well."""

    model_config = ConfigDict(json_schema_extra={"example": {"status": "ok"}})

    status: str
