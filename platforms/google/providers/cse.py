"""Google's Custom Search JSON API: legacy, closed to new customers, ends on 2027-01-01.

https://developers.google.com/custom-search/v1/reference/rest/v1/cse/list
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from gleanery.config import reveal
from gleanery.errors import (
    CredentialError,
    PlatformError,
    PlatformUnavailableError,
)
from platforms.google.provider import Listing, Result, Search, SearchProvider, read_json, rows_of

LAST_START = 91
"""The API answers 400 from result 101 on."""

_CLOSED = (
    "Custom Search: this project has no access to the API (HTTP 403). Google has closed it to new"
    " customers and ends it on 2027-01-01; use provider=searxng, google_news or feed=URL instead."
    " 신규 고객에게 닫힌 API입니다."
)


class CseProvider(SearchProvider):
    """Ten results a request, a hundred a query at most; ``middlewares.cse_key`` adds the key."""

    name = "cse"
    kinds = ("query",)
    obeys_robots = False  # an API asked with the operator's own key

    def check(self, search: Search) -> None:
        missing = [n for n in ("CSE_KEY", "CSE_CX") if not reveal(self.settings[n])]
        if missing:
            names = " and ".join(f"GLEANERY_{name}" for name in missing)
            raise CredentialError(f"provider=cse needs a key and a search engine id: set {names}")

    def start(self, search: Search) -> Listing:
        return Listing(more=[self._address(search, 1)])

    def read(self, body: bytes, url: str, search: Search, *, content_type: str = "") -> Listing:
        data = read_json(body, "Custom Search")
        rows = rows_of(data, "items")
        results = [_result(r) for r in rows if str(r.get("link", "")).startswith("http")]
        start = _next_start(data)
        more = [self._address(search, start)] if results and start else []
        return Listing(results=results, more=more)

    def refusal(self, status: int, body: bytes) -> PlatformError:
        said = _message(body)
        if status == 403 and "does not have the access" in said:
            return CredentialError(_CLOSED)
        if status == 429 or "quota" in said.lower() or "rateLimit" in said:
            return PlatformUnavailableError(f"Custom Search: quota used up (HTTP {status}): {said}")
        if status in (401, 403) or "api key not valid" in said.lower():
            return CredentialError(f"Custom Search refuses the key (HTTP {status}): {said}")
        if status == 400:
            return PlatformError(f"Custom Search refuses the request (HTTP 400): {said}")
        return super().refusal(status, body)

    def _address(self, search: Search, start: int) -> str:
        query: dict[str, Any] = {"cx": self.settings["CSE_CX"], "q": search.value, "start": start}
        if search.limit < 10:
            query["num"] = search.limit
        if search.language:
            query |= {"hl": search.language, "lr": f"lang_{search.language}"}
        if search.country:
            query["gl"] = search.country.lower()
        return f"{self.settings['CSE_URL']}?{urlencode(query)}"


def _next_start(data: dict[str, Any]) -> int | None:
    pages = rows_of(data.get("queries"), "nextPage")
    start = pages[0].get("startIndex") if pages else None
    return start if isinstance(start, int) and start <= LAST_START else None


def _result(row: dict[str, Any]) -> Result:
    return Result(url=row["link"], title=str(row.get("title") or ""), site=row.get("displayLink"))


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"]["message"])[:300]
    except (ValueError, KeyError, TypeError):
        return "no reason given"
