"""SearXNG, a metasearch engine to run oneself (https://docs.searxng.org/dev/search_api.html)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from gleanery.errors import CredentialError, PlatformError
from items.clock import to_utc
from platforms.google.feed_reader import plain
from platforms.google.provider import Listing, Result, Search, SearchProvider, read_json, rows_of

MAX_PAGES = 20
"""Pages asked for at most: some engines behind it repeat their last page for ever."""


class SearxngProvider(SearchProvider):
    """Asks the instance at ``SEARXNG_URL``, whose ``search.formats`` must have ``json``."""

    name = "searxng"
    kinds = ("query",)
    obeys_robots = False  # the operator names an instance that lets them ask its API

    def check(self, search: Search) -> None:
        if not self.settings["SEARXNG_URL"]:
            raise CredentialError(
                "provider=searxng needs the address of an instance: set GLEANERY_SEARXNG_URL,"
                " e.g. http://127.0.0.1:8888"
            )

    def start(self, search: Search) -> Listing:
        return Listing(more=[self._address(search, 1)])

    def read(self, body: bytes, url: str, search: Search, *, content_type: str = "") -> Listing:
        data = read_json(body, "SearXNG")
        rows = rows_of(data, "results")
        results = [_result(r) for r in rows if str(r.get("url", "")).startswith("http")]
        listing = Listing(results=results)
        page = int(parse_qs(urlsplit(url).query).get("pageno", ["1"])[0])
        if results and page < MAX_PAGES:
            listing.more = [self._address(search, page + 1)]
        silent = data.get("unresponsive_engines")  # [[name, reason], …]
        if isinstance(silent, list) and silent:
            names = ", ".join(str(e[0]) for e in silent if isinstance(e, list) and e)
            listing.problem = f"these engines did not answer: {names}"
        return listing

    def refusal(self, status: int, body: bytes) -> PlatformError:
        if status == 403:
            return CredentialError(
                "SearXNG refuses JSON (HTTP 403): add json to search.formats in its settings.yml"
            )
        return super().refusal(status, body)

    def _address(self, search: Search, page: int) -> str:
        query = {"q": search.value, "format": "json", "pageno": page}
        if search.language:
            query["language"] = "-".join(filter(None, (search.language, search.country)))
        return f"{self.settings['SEARXNG_URL'].rstrip('/')}/search?{urlencode(query)}"


def _result(row: dict[str, Any]) -> Result:
    try:
        published = to_utc(datetime.fromisoformat(row["publishedDate"]))
    except (KeyError, TypeError, ValueError):
        published = None
    return Result(url=row["url"], title=plain(str(row.get("title") or "")), published_at=published)
