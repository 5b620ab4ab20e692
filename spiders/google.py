"""Search results, feeds and lists of addresses; the pages they lead to; the links on those."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, ClassVar

import scrapy
from scrapy.http import TextResponse

from gleanery.errors import ConfigError, CredentialError, ExtractionError
from gleanery.urls import without_tracking
from items import Seed
from platforms.google.provider import Listing, Result, Search, SearchProvider
from platforms.web import extract_article, page_links
from platforms.web.browser import browser_settings, check_browser
from platforms.web.links import LinkRules
from spiders.google_arguments import GoogleArguments, provider_for, providers
from spiders.google_news_tokens import GoogleNewsTokens

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from scrapy.http import Response
    from scrapy.settings import BaseSettings

    from items import Article
    from items.visit import Visit

logger = logging.getLogger(__name__)

GONE = (404, 410)
"""Statuses of a page that is no longer there."""


class GoogleSpider(GoogleNewsTokens):
    """Listings are depth 0, the pages they lead to depth 1, the links on those depth 2."""

    name = "google"
    platform = "google"
    revisits = "web"
    Arguments = GoogleArguments
    uses_web_proxy: ClassVar[bool] = True

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """Switch scrapy-playwright on where ``PLAYWRIGHT`` is."""
        super().update_settings(settings)
        if not settings.getbool("PLAYWRIGHT"):
            return
        ours = browser_settings(
            executable=settings["PLAYWRIGHT_EXECUTABLE"],
            user_agent=settings["USER_AGENT"],
            proxy=settings["WEB_PROXY"],
            allowed=settings.getlist("ALLOWED_ADDRESSES"),
            verify_tls=settings.getbool("DOWNLOAD_VERIFY_CERTIFICATES"),
        )
        ours["DOWNLOAD_HANDLERS"] = {
            **settings.getdict("DOWNLOAD_HANDLERS"),
            **ours["DOWNLOAD_HANDLERS"],
        }
        settings.setdict(ours, priority="spider")
        logging.getLogger("scrapy-playwright").setLevel(logging.ERROR)  # its warnings: tracebacks

    def check_configuration(self) -> None:
        """Check what every seed needs, and that its options make sense.

        Of a file of seeds or a profile, those whose provider lacks a key are left out.

        Raises:
            ConfigError: An option is wrong, no seed is left, or there is no browser to render.
        """
        if self.settings.getbool("PLAYWRIGHT"):
            check_browser(self.settings["PLAYWRIGHT_EXECUTABLE"])
        self.rules: dict[str, LinkRules] = {}
        """By a seed's options, as JSON: any worker may meet the pages of a seed fed to another."""
        lacking: dict[str, list[Seed]] = {}
        for seed in self.seeds:
            provider, search = self._plan(seed)
            try:
                provider.check(search)
            except CredentialError as error:
                lacking.setdefault(str(error), []).append(seed)
        self._leave_out_seeds(lacking)

    def _leave_out_seeds(self, lacking: dict[str, list[Seed]]) -> None:
        out = [seed for seeds in lacking.values() for seed in seeds]
        listed = self.arguments.seeds or self.arguments.profile
        if out and (not listed or len(out) == len(self.seeds)):
            raise ConfigError(next(iter(lacking)))
        for why, seeds in lacking.items():
            labels = ", ".join(seed.label for seed in seeds)
            logger.warning("Left out: %s. %s", labels, why, extra={"spider": self})
        self.seeds = [seed for seed in self.seeds if seed not in out]

    def _plan(self, seed: Seed) -> tuple[SearchProvider, Search]:
        options = self.options(seed)
        search = Search(
            kind=seed.kind,
            value=seed.value,
            limit=options.results,
            language=options.language,
            country=options.edition_country,
        )
        return provider_for(seed.kind, options.provider)(self.settings), search

    def provider(self, name: str) -> SearchProvider:
        """Return the provider called ``name``."""
        return providers()[name](self.settings)

    async def visit(self, visits: list[Visit]) -> AsyncIterator[scrapy.Request]:
        for visit in visits:
            request = self.page_request(visit.url, found_by="")
            request.meta.update(visit=visit.key, handle_httpstatus_list=list(GONE))
            yield request

    async def start_seed(self, seed: Seed) -> AsyncIterator[Any]:
        """Ask for the first listing, or go to the pages of a list at once."""
        provider, search = self._plan(seed)
        listing = provider.start(search)
        meta = {"provider": provider.name, "search": asdict(search), "seed": seed.label}
        meta["seed_options"] = seed.options
        for address in listing.more:
            yield self._listing_request(address, provider, meta)
        deep = self.arguments.max_depth if seed.max_depth is None else seed.max_depth
        for result in listing.results[: search.limit if deep else 0]:
            for request in self._from_result(result, meta):
                request.meta["depth"], request.priority = 1, -1
                yield request

    def _listing_request(
        self, address: str, provider: SearchProvider, meta: dict[str, Any]
    ) -> scrapy.Request:
        more = {"provider": meta["provider"], "search": meta["search"]} | self.patient
        if not provider.obeys_robots:
            more["dont_obey_robotstxt"] = True
        request = scrapy.Request(
            address,
            self.parse_listing,
            errback=self.listing_failed,
            meta=more,
        )
        return self.follow(request, same_depth=True)

    async def parse_listing(self, response: Response) -> AsyncIterator[Any]:
        """Follow results and further listings, until the seed has had its ``results``."""
        search = Search(**response.meta["search"])
        provider = self.provider(response.meta["provider"])
        kind = (response.headers.get("Content-Type") or b"").decode("latin-1")
        try:
            listing = await self.parser.run(
                provider.read, response.body, response.url, search, content_type=kind
            )
        except ExtractionError as error:
            self.note_failure("google/listing_failed", str(error))
            return
        self._note_listing(listing, response)
        taken = self.progress.setdefault(f"taken {response.meta['seed']}", 0)
        fresh = listing.results[: max(0, search.limit - taken)]
        self.progress[f"taken {response.meta['seed']}"] = taken + len(fresh)
        for result in fresh:
            for request in self._from_result(result, response.meta):
                yield request
        if taken + len(fresh) < search.limit:
            for address in listing.more:
                yield self._listing_request(address, provider, response.meta)

    def _note_listing(self, listing: Listing, response: Response) -> None:
        self.stats.inc_value("google/listings")
        if listing.problem:
            self.stats.inc_value("google/malformed_listing")
            logger.warning("%s: %s", response.url, listing.problem, extra={"spider": self})
        if not listing.results and not listing.more:
            self.stats.inc_value("google/no_results")
            logger.warning("%s: no results", response.url, extra={"spider": self})

    def _from_result(self, result: Result, meta: dict[str, Any]) -> Iterator[scrapy.Request]:
        if not result.token and not self._rules(meta).welcomes(result.url):
            self.stats.inc_value("google/not_welcome")
            return
        self.stats.inc_value("google/results")
        if result.token:
            yield from self.decode(result, meta)
        else:
            yield self.page_request(result.url, found_by=meta["provider"], result=result)

    def page_request(
        self,
        url: str,
        *,
        found_by: str,
        result: Result | None = None,
        parent: str | None = None,
    ) -> scrapy.Request:
        """Return the request for a page.

        Args:
            url: Its address; tracking parameters go, so that one page is fetched once.
            found_by: Name of the provider that led here.
            result: What the provider says of it.
            parent: Identity of the article that links to it.
        """
        return scrapy.Request(
            without_tracking(url),
            self.parse_page,
            errback=self.page_failed,
            meta={
                "found_by": found_by,
                "result": result.to_dict() if result else None,
                "linked_from": parent,
                "page": True,
            }
            | self.patient,
        )

    async def parse_page(self, response: Response) -> AsyncIterator[Any]:
        """Yield the article of a page, and the links on it; ask a browser if there is no text."""
        if response.status in GONE:  # only visits let it through
            await self.visiting.gone([response.meta["visit"]])
            return
        if not isinstance(response, TextResponse):
            self.stats.inc_value("google/not_html")
            return
        self.stats.inc_value("google/pages")
        article = await self.parser.run(
            extract_article, response.body, response.url, encoding=response.encoding
        )
        if article is not None:
            yield self._completed(article, response)
        elif self.settings.getbool("PLAYWRIGHT") and not response.meta.get("rendered"):
            self.stats.inc_value("google/render_asked")
            yield self._render_request(response)
        else:
            self.stats.inc_value("google/no_text")
        async for request in self._links(response, article):
            yield request

    def _completed(self, article: Article, response: TextResponse) -> Article:
        """Add to the article what led to it knows, where the page itself says nothing."""
        row = response.meta["result"]
        result = Result.from_dict(row) if row else Result(url=response.url)
        article.title = article.title or result.title
        article.published_at = article.published_at or result.published_at
        article.site = article.site or result.site
        article.found_by = response.meta["found_by"]
        article.parent = response.meta["linked_from"]
        article.rendered = bool(response.meta.get("rendered"))
        return article

    def _render_request(self, response: TextResponse) -> scrapy.Request:
        browser = {"rendered": True, "playwright": True}
        keep = ("found_by", "result", "linked_from", "page")
        request = scrapy.Request(
            response.url,
            self.parse_page,
            errback=self.page_failed,
            dont_filter=True,
            meta={key: response.meta[key] for key in keep} | browser | self.patient,
        )
        return self.follow(request, same_depth=True)

    async def _links(
        self, response: TextResponse, article: Article | None
    ) -> AsyncIterator[scrapy.Request]:
        if response.meta["depth"] >= response.meta.get("max_depth", 0):
            return
        rules = self._rules(response.meta)
        for link in await self.parser.run(page_links, response.body, response.url):
            if rules.follows(link, response.url):
                self.stats.inc_value("google/links")
                yield self.page_request(
                    link,
                    found_by=response.meta["found_by"],
                    parent=article.identity if article else response.meta["linked_from"],
                )

    def _rules(self, meta: dict[str, Any]) -> LinkRules:
        given = meta.get("seed_options") or {}
        key = json.dumps(given, sort_keys=True)
        if key not in self.rules:
            options = self.options(Seed(platform=self.platform, kind="", value="", options=given))
            self.rules[key] = LinkRules(
                allow=options.allow, deny=options.deny, same_site=options.same_site
            )
        return self.rules[key]
