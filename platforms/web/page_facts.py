"""What a page says of itself: title, author, time, language, pictures, tags."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gleanery.urls import host_of
from platforms.web.embedded_json import json_ld
from platforms.web.html_source import LIBRARY_ERRORS
from platforms.web.languages import language_of
from platforms.web.page_dates import published_at
from platforms.web.page_links import absolute, base_address

if TYPE_CHECKING:
    from datetime import datetime

    from lxml.html import HtmlElement
    from trafilatura.settings import Document

_ARTICLE_TYPE = re.compile(r"(Article|BlogPosting|Report|Review|WebPage|DiscussionForumPosting)$")
MAX_TAGS = 50
"""Keywords kept of one page."""

MIN_HEADING = 8
"""Characters of an ``<h1>`` that may replace a stated title; shorter ones are sections."""

_SEPARATOR = re.compile(r"\s*[|｜ㅣ\u2013\u2014:»·-]\s*(?=[^|｜ㅣ\u2013\u2014:»·-]*$)")
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


def read_facts(tree: HtmlElement, url: str, text: str) -> PageFacts:
    """Read what the page states.

    Args:
        tree: The parsed page; not changed.
        url: Its address, against which pictures are resolved.
        text: Its main text, which shows the language.
    """
    meta, stated = meta_tags(tree), article_object(tree)
    guessed = _guess(tree, url)
    image = meta.get("og:image") or _image_of(stated) or guessed.image
    return PageFacts(
        title=title_of(tree, meta, stated, guessed.title),
        author="; ".join(_names(stated.get("author"))) or guessed.author or meta.get("author"),
        published_at=published_at(tree, meta, stated, guessed.date),
        language=language_of(tree, meta, text),
        description=_one_line(meta.get("og:description") or guessed.description) or None,
        site=_one_line(meta.get("og:site_name") or guessed.sitename) or host_of(url),
        image=absolute(url, image) or None if image else None,
        tags=_tags(guessed.tags or []),
    )


def _guess(tree: HtmlElement, url: str) -> Document:
    """Return what trafilatura finds; nothing where it fails."""
    from trafilatura.metadata import extract_metadata
    from trafilatura.settings import Document

    try:
        return extract_metadata(tree, default_url=url, extensive=False)
    except LIBRARY_ERRORS:
        return Document()


def meta_tags(tree: HtmlElement) -> dict[str, str]:
    """Return ``<meta>`` contents by lower-case property, name or itemprop; the first wins."""
    found: dict[str, str] = {}
    for tag in tree.iter("meta"):
        key = tag.get("property") or tag.get("name") or tag.get("itemprop")
        content = (tag.get("content") or "").strip()
        if key and content:
            found.setdefault(key.strip().lower(), content)
    return found


def stated_videos(tree: HtmlElement, url: str) -> list[str]:
    """Return the addresses of the videos that a page states (Open Graph), each once."""
    names = ("og:video:secure_url", "og:video:url", "og:video")
    meta = meta_tags(tree)
    found = (absolute(base_address(tree, url), meta[name]) for name in names if name in meta)
    return list(dict.fromkeys(address for address in found if address))


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


def title_of(
    tree: HtmlElement, meta: dict[str, str], stated: dict[str, Any], guessed: str | None
) -> str:
    """Return the title without the site's name around it.

    JSON-LD ``headline``, ``<meta name=headline>``, ``og:title``, then what trafilatura finds; where
    it contains the page's ``<h1>``, that is the title, and what stands around it is decoration.
    """
    claims = (stated.get("headline"), meta.get("headline"), meta.get("og:title"), guessed)
    site = _one_line(meta.get("og:site_name"))
    headings = [_one_line(h.text_content()) for h in tree.iter("h1")][:20]
    claim = next((c for c in map(_one_line, claims) if c and c != site), "")
    heading = max((h for h in headings if h in claim or not claim), key=len, default="")
    if len(heading) >= max(MIN_HEADING, 0.3 * len(claim)):
        return heading
    return _without_site(claim, site) or site


def _tags(stated: list[str]) -> list[str]:
    words = (_one_line(word) for tag in stated for word in re.split("[,;]", tag))
    return list(dict.fromkeys(word for word in words if word))[:MAX_TAGS]


def _without_site(title: str, site: str) -> str:
    head, separator, last = _SEPARATOR.sub("\0", title).rpartition("\0")
    return title[: len(head)].rstrip() if separator and site and last.strip() == site else title


def _names(author: object) -> list[str]:
    """Return the names in a JSON-LD ``author``: a name, an object, or a list of them."""
    if isinstance(author, list):
        return list(dict.fromkeys(name for part in author for name in _names(part)))
    name = author.get("name") if isinstance(author, dict) else author
    if isinstance(name, list):
        return _names(name)
    text = _one_line(name)
    return [text] if text and "://" not in text else []


def _one_line(value: object) -> str:
    return _SPACES.sub(" ", html.unescape(value)).strip() if isinstance(value, str) else ""
