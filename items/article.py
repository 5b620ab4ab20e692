"""A web page with a text worth keeping."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from items.base import Item


def _left_out(_: Any) -> None:
    return None


@dataclass(slots=True, kw_only=True)
class Article(Item):
    """One page; ``external_id`` is its canonical URL, ``platform`` is ``web`` whoever led to it."""

    KIND: ClassVar[str] = "article"

    site: str | None = None
    """Name the page gives its site, else its host."""

    description: str | None = None
    """The page's own summary, if it states one."""

    image: str | None = None
    """Address of the main picture."""

    tags: list[str] = field(default_factory=list)
    """Keywords that the page states."""

    found_by: str | None = None
    """Search provider or feed whose result led here, e.g. ``google_news``."""

    extractor: str | None = None
    """What found the text: ``trafilatura-fast``, ``trafilatura``, ``readability``, ``json``."""

    rendered: bool = False
    """Whether a browser had to render the page first."""

    raw_html: bytes | None = field(default=None, repr=False, metadata={"serializer": _left_out})
    """The page as fetched, gzip; kept by stores, left out of feeds."""
