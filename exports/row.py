"""What an export reads of an item: these fields, as they are stored, and no others."""

from __future__ import annotations

from typing import Any

import msgspec

from items.annotation import QUALITY


class Said(msgspec.Struct, gc=False):
    """An ``items.Annotation``."""

    tool: str
    engine: str
    version: str
    value: Any
    score: float | None = None


class File(msgspec.Struct, gc=False):
    """An ``items.MediaFile``."""

    key: str
    role: str
    content_type: str
    size: int
    source: str = ""


class Row(msgspec.Struct, gc=False):
    """An ``items.Item``; what a kind of item has no field for is ``None``."""

    identity: str
    platform: str
    kind: str
    url: str
    title: str
    text: str
    category: str | None
    subcategory: str | None
    headline: str | None
    language: str | None
    published_at: str | None
    media: list[str]
    media_files: list[File]
    annotations: list[Said]
    community: str | None = None
    site: str | None = None
    channel_id: str | None = None
    licence: str | None = None
    root: str | None = None

    @property
    def thread(self) -> str:
        """Identity of the post or video that it stands under, or its own."""
        return self.root or self.identity

    @property
    def source(self) -> str:
        """Where it appeared; empty where none is stated."""
        return source_name(self.community, self.site, self.channel_id)

    @property
    def quality(self) -> dict[str, Any] | None:
        """``Quality.to_dict()``; ``None`` if it has not been scored."""
        for said in self.annotations:
            if said.tool == QUALITY:
                value: dict[str, Any] = said.value
                return value
        return None


def source_name(community: str | None, site: str | None, channel_id: str | None) -> str:
    """Return the community, channel or site that an item appeared in; empty where none is."""
    return community or site or channel_id or ""
