"""A small web of our own making for ``tests.mitm``: pages under any address, robots.txt by host."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import escape

from gleanery.urls import canonical_url, host_of

Page = tuple[int, dict[str, str], bytes]
HTML = {"content-type": "text/html"}


class Web:
    """``answer`` of a ``MitmProxy``; counts what is asked, robots.txt apart."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.robots: dict[str, str] = {}
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []

    def put(
        self, url: str, body: bytes | str, *, kind: str = "text/html", status: int = 200
    ) -> None:
        """Let ``url`` answer with ``body``."""
        data = body.encode() if isinstance(body, str) else body
        self.pages[canonical_url(url)] = (status, {"content-type": kind}, data)

    def __call__(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Page:
        if url.endswith("/robots.txt"):
            rules = self.robots.get(host_of(url))
            return (
                (200, {"content-type": "text/plain"}, rules.encode()) if rules else (404, {}, b"")
            )
        self.asked.append(canonical_url(url))
        self.headers.append(headers)
        return self.pages.get(canonical_url(url), (404, HTML, b"<html>not here</html>"))

    @property
    def times(self) -> Counter[str]:
        """How often each address was asked."""
        return Counter(self.asked)


def article_html(title: str, *, links: Iterable[str] = (), text: str = "") -> str:
    """A page with a text worth keeping, in a plain layout."""
    said = text or f"This paragraph of the page {title} says what readers may want to know. " * 3
    anchors = "".join(f'<li><a href="{escape(link)}">{escape(link)}</a></li>' for link in links)
    return (
        f"<html><head><title>{title}</title></head><body><article><h1>{title}</h1>"
        f"{f'<p>{said}</p>' * 3}</article><ul>{anchors}</ul></body></html>"
    )


def rss(links: Iterable[str], *, title: str = "A feed") -> str:
    """An RSS 2.0 feed of ``links``."""
    items = "".join(
        f"<item><title>Entry {n}</title><link>{escape(link)}</link></item>"
        for n, link in enumerate(links)
    )
    return f'<rss version="2.0"><channel><title>{title}</title>{items}</channel></rss>'


def recorded_articles(fixtures: Path) -> dict[str, bytes]:
    """Real pages by their own address: scrapinghub, fundus, trafilatura, in this order."""
    folder = fixtures / "articles"
    found: dict[str, bytes] = {}
    truth = json.loads((folder / "scrapinghub/ground-truth.json").read_text("utf-8"))
    files = {v["url"]: folder / f"scrapinghub/html/{k}.html.gz" for k, v in truth.items()}
    urls = json.loads((folder / "fundus/urls.json").read_text("utf-8"))
    files |= {url: folder / "fundus" / name for name, url in urls.items()}
    rows = json.loads((folder / "trafilatura/evaldata.json").read_text("utf-8"))
    files |= {url: folder / f"trafilatura/html/{row['file']}.gz" for url, row in rows.items()}
    for url, path in files.items():
        if path.exists():
            found.setdefault(canonical_url(url), gzip.decompress(path.read_bytes()))
    return found
