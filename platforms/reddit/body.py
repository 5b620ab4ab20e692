"""The text, links and pictures of what somebody wrote on Reddit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from lxml import html as lxml_html
from lxml.etree import LxmlError

if TYPE_CHECKING:
    from collections.abc import Iterable

SITE = "https://www.reddit.com"
"""Where people read; not a setting, since an item's address must not depend on a replay."""
_FILES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".mp4", ".webm")
_MEDIA_HOSTS = ("i.redd.it", "v.redd.it", "preview.redd.it", "external-preview.redd.it")
_BLOCKS = ("p", "li", "pre", "tr", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6")


@dataclass(slots=True)
class Body:
    """What a text holds."""

    text: str
    """Plain, paragraphs parted by a newline."""
    links: list[str] = field(default_factory=list)
    """Absolute http(s) addresses, in order, without repeats and without media."""
    media: list[str] = field(default_factory=list)
    """Those that lead to pictures and clips."""


def read_body(html: str | None, markdown: str) -> Body:
    """Read Reddit's own HTML of a text; without one, ``markdown`` is taken as it is."""
    if not html:
        return Body(markdown)
    try:
        tree = lxml_html.fromstring(f"<div>{html}</div>")
    except (LxmlError, ValueError):  # a text of control characters alone
        return Body(markdown)
    found = unique(absolute(a.get("href") or "") for a in tree.iter("a"))
    for block in tree.iter(*_BLOCKS):
        block.tail = "\n" + (block.tail or "")
    lines = (line.strip() for line in str(tree.xpath("string()")).splitlines())
    return Body(
        "\n".join(line for line in lines if line),
        [link for link in found if not is_media(link)],
        [link for link in found if is_media(link)],
    )


def absolute(href: str) -> str:
    """Return the http(s) address that ``href`` means on Reddit; empty for any other."""
    try:
        link = urljoin(SITE, href.strip())
    except ValueError:  # people write addresses such as http://[x
        return ""
    return link if link.startswith(("http://", "https://")) else ""


def is_media(url: str) -> bool:
    """Return whether ``url`` leads to a picture or a clip, by its host or its ending."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.hostname in _MEDIA_HOSTS or parts.path.lower().endswith(_FILES)


def unique(values: Iterable[str | None]) -> list[str]:
    """Return what is not empty, in order, each once."""
    return list(dict.fromkeys(v for v in values if v))
