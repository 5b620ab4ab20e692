"""What a page says of itself: title, author, time, language, pictures, tags."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from trafilatura.metadata import extract_metadata

from gleanery.urls import host_of
from platforms.embedded_json import json_ld
from platforms.languages import language_of
from platforms.page_dates import published_at

if TYPE_CHECKING:
    from datetime import datetime

    from lxml.html import HtmlElement

MAX_LISTED = 100
"""Links and media kept of one page."""

_ARTICLE_TYPE = re.compile(r"(Article|BlogPosting|Report|Review|WebPage|DiscussionForumPosting)$")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class PageFacts:
    """Fields of :class:`items.Article` that a page states."""

    title: str
    author: str | None
    published_at: datetime | None
    language: str | None
    description: str | None
    site: str
    image: str | None
    tags: list[str] = field(default_factory=list)
    media: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)


def read_facts(tree: HtmlElement, url: str, text: str) -> PageFacts:
    """Read what the page states.

    Args:
        tree: The parsed page; not changed.
        url: Its address, against which pictures are resolved.
        text: Its main text: shows the language, and which links are part of it.
    """
    meta, stated = meta_tags(tree), article_object(tree)
    guessed = extract_metadata(tree, default_url=url, extensive=False)
    image = meta.get("og:image") or _image_of(stated) or guessed.image
    return PageFacts(
        title=_one_line(stated.get("headline")) or _one_line(guessed.title),
        author=guessed.author,
        published_at=published_at(tree, meta, stated, guessed.date),
        language=language_of(tree, meta, text),
        description=_one_line(meta.get("og:description") or guessed.description) or None,
        site=_one_line(meta.get("og:site_name") or guessed.sitename) or host_of(url),
        image=urljoin(url, image) if image else None,
        tags=list(dict.fromkeys(guessed.tags or [])),
    )


def meta_tags(tree: HtmlElement) -> dict[str, str]:
    """Return ``<meta>`` contents by lower-case property, name or itemprop; the first wins."""
    found: dict[str, str] = {}
    for tag in tree.iter("meta"):
        key = tag.get("property") or tag.get("name") or tag.get("itemprop")
        content = (tag.get("content") or "").strip()
        if key and content:
            found.setdefault(key.strip().lower(), content)
    return found


def article_object(tree: HtmlElement) -> dict[str, Any]:
    """Return the JSON-LD object of the article, else an empty one."""
    for value in json_ld(tree):
        kinds = value.get("@type")
        for kind in kinds if isinstance(kinds, list) else [kinds]:
            if isinstance(kind, str) and _ARTICLE_TYPE.search(kind) and value.get("headline"):
                return value
    return {}


def _image_of(stated: dict[str, Any]) -> str | None:
    image = stated.get("image")
    image = image[0] if isinstance(image, list) and image else image
    image = image.get("url") if isinstance(image, dict) else image
    return image if isinstance(image, str) else None


def _one_line(value: object) -> str:
    return _SPACES.sub(" ", value).strip() if isinstance(value, str) else ""
