"""Web pages: the article inside, and the links on it."""

from __future__ import annotations

import gzip
import threading
from dataclasses import asdict
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gleanery.urls import canonical_url, host_of
from items import Article
from platforms.web.html_source import decode_html, parse_html
from platforms.web.main_text import find_main_text
from platforms.web.page_facts import read_facts, stated_videos
from platforms.web.page_links import absolute, all_links, inside_text

if TYPE_CHECKING:
    from lxml.html import HtmlElement


_ONE_AT_A_TIME = threading.Lock()
"""lxml and trafilatura's shared parsers do not bear several threads at once: memory breaks."""


def extract_article(html: bytes, url: str, *, encoding: str | None = None) -> Article | None:
    """Return the article on a page, or ``None`` if nothing on it is worth keeping.

    Costs about 10 to 40 ms of processor time a page: call it in a thread. Threads take turns.

    Args:
        html: The page as fetched, already decompressed; what is beyond 5 MB is not read.
        url: Where it was fetched from, after redirects; absolute http(s).
        encoding: What the server or Scrapy (``response.encoding``) says; checked, not trusted.

    Returns:
        ``platform`` is ``web``; ``external_id`` the canonical URL, which the page may state itself
        if it names its own host; ``raw_html`` the bytes given, gzip.

    Raises:
        ValueError: ``url`` is not an absolute http(s) address.
    """
    own = canonical_url(url)
    with _ONE_AT_A_TIME:
        return _extract(html, url, own, encoding)


def page_links(html: bytes, url: str) -> list[str]:
    """Return the absolute http(s) links of a page, in order, without repeats and fragments.

    At most 2,000; links marked ``rel=nofollow`` are left out.
    """
    with _ONE_AT_A_TIME:
        tree = parse_html(decode_html(html))
        return [] if tree is None else all_links(tree, url)


def _extract(html: bytes, url: str, own: str, encoding: str | None) -> Article | None:
    source = decode_html(html, encoding)
    tree = parse_html(source)
    if tree is None:
        return None
    found = find_main_text(tree, source, url)
    if found is None:
        return None
    links, inside = inside_text(tree, found.text, url)
    media = list(dict.fromkeys([*stated_videos(tree, url), *inside]))
    return Article(
        platform="web",
        external_id=_stated_identity(tree, url) or own,
        url=url,
        text=found.text,
        extractor=found.extractor,
        raw_html=gzip.compress(html, compresslevel=6, mtime=0),
        links=links,
        media=media,
        **asdict(read_facts(tree, url, found.text)),
    )


def _stated_identity(tree: HtmlElement, url: str) -> str | None:
    """Return the canonical URL that the page states, if it is one of its own host.

    A page must not take another site's identity, and an article whose canonical link is the front
    page (a common mistake) keeps its own.
    """
    links = tree.xpath('//link[contains(concat(" ", @rel, " "), " canonical ")]/@href')
    og = tree.xpath('//meta[@property="og:url"]/@content')
    for stated in [*links, *og]:
        address = absolute(url, str(stated))
        if not address or host_of(address) != host_of(url):
            continue
        if urlsplit(address).path in ("", "/") and urlsplit(url).path not in ("", "/"):
            continue
        return canonical_url(address)
    return None
