"""Google News RSS: top stories, topics, search."""

from __future__ import annotations

import re
from urllib.parse import quote, urlencode

from gleanery.errors import ConfigError, CredentialError
from gleanery.urls import host_of
from platforms.google.feed_reader import read_feed
from platforms.google.news_links import decode_offline, token_of
from platforms.google.provider import Listing, Result, Search, SearchProvider, is_on

TOPICS = (
    "WORLD",
    "NATION",
    "BUSINESS",
    "TECHNOLOGY",
    "ENTERTAINMENT",
    "SPORTS",
    "SCIENCE",
    "HEALTH",
)
"""Topics with a name; others go by the id in their address on the site (``CAAq…``)."""

_EDITION = {
    "zh-CN": "zh-Hans",
    "zh-TW": "zh-Hant",
    "zh-HK": "zh-Hant",
    "pt-BR": "pt-419",
    "es-419": "es-419",
}
"""Languages whose name in ``ceid`` is not the plain one."""

_TERMS = (
    "Google offers its News feeds for personal feed readers only; any other use is at your own"
    " account (the notice stands in every feed). If you have read that and answer for it, set"
    " GLEANERY_GOOGLE_NEWS_ACCEPT_TERMS=true; otherwise use feed=URL, sitemap=URL or"
    " provider=searxng.\n"
    "구글 뉴스 피드는 개인용 피드 리더에만 허용됩니다. 이 조건을 확인하고 책임지는 경우에만"
    " GLEANERY_GOOGLE_NEWS_ACCEPT_TERMS=true로 설정하세요. 아니면 feed=URL, sitemap=URL,"
    " provider=searxng를 쓰세요."
)


class GoogleNewsProvider(SearchProvider):
    """One feed holds up to 100 entries; there are no further pages."""

    name = "google_news"
    kinds = ("query", "topic", "top")
    # A feed reader asks for a feed on its user's behalf; here the operator, who has had to accept
    # the feeds' terms by a switch of their own (see _TERMS).
    obeys_robots = False

    def check(self, search: Search) -> None:
        if not is_on(self.settings["GOOGLE_NEWS_ACCEPT_TERMS"]):
            raise CredentialError(_TERMS)
        if search.kind == "topic" and not _is_topic(search.value):
            raise ConfigError(
                f"topic={search.value!r}: write one of top, {', '.join(TOPICS)},"
                " or the id in a topic's address on news.google.com (CAAq…)"
            )

    def start(self, search: Search) -> Listing:
        base = self.settings["GOOGLE_NEWS_URL"].rstrip("/")
        query = urlencode(_words(search) | edition(search.language, search.country), safe=":")
        return Listing(more=[f"{base}/rss{_path(search)}?{query}"])

    def read(self, body: bytes, url: str, search: Search, *, content_type: str = "") -> Listing:
        listing = read_feed(body, url, content_type=content_type)
        hosts = ("news.google.com", host_of(self.settings["GOOGLE_NEWS_URL"]))
        for result in listing.results:
            if result.site:
                result.title = result.title.removesuffix(f" - {result.site}")
            if host_of(result.url) in hosts:
                _reveal(result)
        return listing


def edition(language: str | None, country: str | None) -> dict[str, str]:
    """Return ``hl``, ``gl`` and ``ceid``: of language and country, or of the United States."""
    language, country = language or "en", country or "US"
    full = language if "-" in language else f"{language}-{country}"
    plain = _EDITION.get(full, language.partition("-")[0])
    # the site itself writes en-GB, but ko
    hl = full if plain in ("en", "es-419", "pt-419") or full in _EDITION else language
    return {"hl": hl, "gl": country, "ceid": f"{country}:{plain}"}


def _is_topic(value: str) -> bool:
    name = value.upper()
    return name == "TOP" or name in TOPICS or bool(re.fullmatch(r"CAA[\w-]{10,}", value))


def _words(search: Search) -> dict[str, str]:
    return {"q": search.value} if search.kind == "query" else {}


def _path(search: Search) -> str:
    if search.kind == "query":
        return "/search"
    if search.kind == "top" or search.value.upper() == "TOP":
        return ""
    if search.value.upper() in TOPICS:
        return f"/headlines/section/topic/{search.value.upper()}"
    return f"/topics/{quote(search.value)}"


def _reveal(result: Result) -> None:
    """Put the publisher's address in ``result``, or the token that would lead to it."""
    if token := token_of(result.url):
        address = decode_offline(token)
        result.url, result.token = (address, None) if address else (result.url, token)
