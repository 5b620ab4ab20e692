"""The news site: feeds in the shape of Google News RSS, a publisher's own feed, and their pages."""

from __future__ import annotations

import base64
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING

from gleanery.demo.answer import Answer, Ask

if TYPE_CHECKING:
    from gleanery.demo.world import Row, World

SITE = "Sample Herald 샘플신문"
_ROBOTS = "User-agent: *\nDisallow: /private/\n"
_HEAD = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><title>{title} - {site}</title>
<meta name="author" content="{author}"><meta name="description" content="{lead}">
<meta property="og:title" content="{title}"><meta property="og:site_name" content="{site}">
<meta property="og:type" content="article"><meta property="og:locale" content="{locale}">
<meta property="article:published_time" content="{published}">
<link rel="canonical" href="{address}"></head>
"""
_BODY = """<body><header>{site}</header>
<main><article><h1>{title}</h1>
<p class="byline">{author} · <time datetime="{published}">{day}</time></p>
{paragraphs}
</article><nav aria-label="related"><h2>{more}</h2><ul>{links}</ul></nav></main>
<footer>© {site}. Written for the demo of Gleanery.</footer></body></html>
"""


class NewsSite:
    """Articles, found through feeds and through one another."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._articles = {row["id"]: row for row in world.articles}

    def answer(self, ask: Ask) -> Answer | None:
        """Answer a request for a feed or a page, or return ``None`` if it is not for this site."""
        match ask.parts:
            case ["robots.txt"]:
                return Answer(body=_ROBOTS.encode(), content_type="text/plain; charset=utf-8")
            case ["rss", "articles", token]:
                return Answer(body=b"", status=302, headers={"location": read_token(token)})
            case ["rss" | "feed.xml" as kind, *_]:
                return self._feed(ask, opaque=kind == "rss")
            case ["articles", name] if name in self._articles:
                return Answer(body=self._page(self._articles[name], ask.base).encode())
            case ["private", _]:
                return Answer(body=b"<p>robots.txt asks everyone to stay away from here.</p>")
        return None

    def _feed(self, ask: Ask, *, opaque: bool) -> Answer:
        language = ask.query.get("hl", "")[:2]
        rows = [r for r in self.world.articles if r.get("feed", True)]
        rows = [r for r in rows if language in ("", r["lang"])]
        items = "".join(self._entry(row, ask.base, opaque=opaque) for row in rows)
        feed = (
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><rss version="2.0"><channel>'
            f"<generator>NFE/5.0</generator><title>{SITE}</title><link>{ask.base}</link>"
            f"<language>{language or 'ko'}</language>"
            f"<lastBuildDate>{format_datetime(self.world.now, usegmt=True)}</lastBuildDate>"
            f"<description>{SITE}</description>{items}</channel></rss>"
        )
        return Answer(body=feed.encode(), content_type="application/xml; charset=utf-8")

    def _entry(self, row: Row, base: str, *, opaque: bool) -> str:
        address = link = f"{base}/articles/{row['id']}"
        if opaque:
            link = f"{base}/rss/articles/{make_token(address)}?oc=5"
        title = escape(f"{row['title']} - {SITE}" if opaque else row["title"])
        anchor = f'<a href="{link}" target="_blank">{escape(row["title"])}</a>'
        published = format_datetime(self.world.instant(row), usegmt=True)
        return (
            f"<item><title>{title}</title><link>{escape(link)}</link>"
            f'<guid isPermaLink="false">demo-{row["id"]}</guid><pubDate>{published}</pubDate>'
            f"<description>{escape(anchor)}</description>"
            f'<source url="{base}">{SITE}</source></item>'
        )

    def _page(self, row: Row, base: str) -> str:
        paragraphs = [escape(line) for line in row["text"].strip().splitlines()]
        hidden = "".join(
            f'<li><a href="/private/{n}">…</a></li>' for n in row.get("private_links", [])
        )
        values = {
            "lang": row["lang"],
            "locale": "ko_KR" if row["lang"] == "ko" else "en_US",
            "title": escape(row["title"]),
            "author": escape(row["author"]),
            "lead": escape(row["text"].split(".")[0].strip()),
            "published": self.world.instant(row).isoformat(),
            "day": f"{self.world.instant(row):%Y-%m-%d}",
            "address": f"{base}/articles/{row['id']}",
            "paragraphs": "\n".join(f"<p>{paragraph}</p>" for paragraph in paragraphs),
            "more": "함께 읽기" if row["lang"] == "ko" else "Read next",
            "links": "".join(self._link(name) for name in row.get("links", [])) + hidden,
            "site": SITE,
        }
        return (_HEAD + _BODY).format(**values)

    def _link(self, name: str) -> str:
        return f'<li><a href="/articles/{name}">{escape(self._articles[name]["title"])}</a></li>'


def make_token(address: str) -> str:
    """Wrap an address as Google News did until 2024: base64 of a protobuf, address in field 4."""
    raw = address.encode()
    length = bytes([len(raw)]) if len(raw) < 128 else bytes([len(raw) & 127 | 128, len(raw) >> 7])
    return (
        base64.urlsafe_b64encode(b"\x08\x13\x22" + length + raw + b"\xd2\x01\x00")
        .decode()
        .rstrip("=")
    )


def read_token(token: str) -> str:
    """Return the address that :func:`make_token` wrapped."""
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    start = raw.index(b"http")
    return raw[start : raw.rindex(b"\xd2\x01")].decode()
