"""The addresses on a page: all of them, and those inside its main text."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.html import HtmlElement

MAX_LINKS = 2_000
"""Links read from one page; what is beyond is a trap or a site map."""

MAX_INSIDE = 100
"""Links and media kept of one main text."""

_BLOCKS = ("p", "li", "blockquote", "h2", "h3", "h4", "td")
_MEDIA = ("img", "video", "audio", "source", "iframe")
_SOURCES = ("data-src", "data-original", "src")


def absolute(base: str, href: str) -> str:
    """Return ``href`` as an absolute http(s) address without fragment, or an empty string."""
    text = "".join(href.split()) if any(c in href for c in "\n\r\t") else href.strip()
    if not text or text.startswith("#"):
        return ""
    try:
        link = urldefrag(urljoin(base, text)).url
        parts = urlsplit(link)
        _ = parts.port  # raises for a port that is no number
    except ValueError:
        return ""
    return link if parts.scheme in ("http", "https") and parts.hostname else ""


def base_address(tree: HtmlElement, url: str) -> str:
    """Return what the page's links are relative to: ``<base href>``, else ``url``."""
    href = next((b.get("href", "") for b in tree.iter("base") if b.get("href")), "")
    return absolute(url, href) or url


def all_links(tree: HtmlElement, url: str) -> list[str]:
    """Return the links of a page in order, without repeats and ``rel=nofollow``."""
    followed = (
        a.get("href", "")
        for a in tree.iter("a", "area")
        if "nofollow" not in (a.get("rel") or "").lower().split()
    )
    return _unique(base_address(tree, url), followed, MAX_LINKS)


def inside_text(tree: HtmlElement, text: str, url: str) -> tuple[list[str], list[str]]:
    """Return the links and the media inside the main text.

    Links are those of blocks whose words are a line of ``text``; media those of the element that
    holds most of these blocks.
    """
    lines = set(text.splitlines())
    blocks = [block for block in tree.iter(*_BLOCKS) if _words(block) in lines]
    holders = Counter(b.getparent() for b in blocks if b.getparent() is not None)
    base = base_address(tree, url)
    links = (a.get("href", "") for b in blocks for a in b.iter("a"))
    media = (
        next((m.get(name, "") for name in _SOURCES if m.get(name)), "")
        for holder, _ in holders.most_common(1)
        for m in holder.iter(*_MEDIA)
    )
    return _unique(base, links, MAX_INSIDE), _unique(base, media, MAX_INSIDE)


def _words(element: HtmlElement) -> str:
    return " ".join(str(element.text_content()).split())


def _unique(base: str, found: Iterable[str], most: int) -> list[str]:
    links = dict.fromkeys(absolute(base, href) for href in found)
    return [link for link in links if link][:most]
