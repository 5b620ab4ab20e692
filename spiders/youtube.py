"""YouTube: searches, channels, playlists, videos, and their comments."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict
from itertools import groupby
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator
from scrapy import Request
from scrapy.exceptions import CloseSpider, IgnoreRequest
from scrapy.http import Response
from scrapy.settings import BaseSettings
from twisted.python.failure import Failure

from gleanery.config import reveal
from gleanery.errors import (
    ConfigError,
    CredentialError,
    ExtractionError,
    PlatformUnavailableError,
    QuotaError,
)
from items import Seed
from items.seed import REVISIT
from items.visit import Visit
from platforms.youtube.backend import Answer, Backend, Call, Limits, Order
from platforms.youtube.data_api import DataApiBackend
from platforms.youtube.target import Kind, parse_target
from platforms.youtube.ytdlp import YtdlpBackend
from spiders.base import GleanerySpider, SpiderArguments

LOST = ("not_found", "removed", "private")
"""Reasons for which a video that we had counts as gone."""


class YoutubeArguments(SpiderArguments):
    """Arguments of ``scrapy crawl youtube``."""

    SEED_KINDS: ClassVar[tuple[Kind, ...]] = ("search", "channel", "playlist", "video")
    ADDRESS_KINDS: ClassVar[tuple[str, ...]] = ("video", "playlist", "channel")

    search: str | None = None
    """Words to search videos for."""
    channel: str | None = None
    """Channel: id (UC…), @handle or address; gives the channel and its newest videos."""
    playlist: str | None = None
    """Playlist: id (PL…) or address."""
    video: str | None = None
    """Video: id of 11 characters or address."""
    results: int = Field(50, ge=1, le=5000)
    """Videos of each search, channel and playlist, at most."""
    comments: int = Field(0, ge=0)
    """Comments of each video, replies included, at most; 0 = none."""
    order: Order = "relevance"
    """Order of a search's results: relevance, date, views or rating."""

    @model_validator(mode="after")
    def _readable(self) -> Self:
        for kind in self.SEED_KINDS:
            value = getattr(self, kind)
            if value is not None:
                _target_error(kind, value)
        return self

    @property
    def limits(self) -> Limits:
        """How much is asked for."""
        return Limits(results=self.results, comments=self.comments, order=self.order)


class YoutubeSpider(GleanerySpider):
    """Crawls breadth-first: listing → videos → their channels and the YouTube links below them."""

    name = "youtube"
    platform = "youtube"
    revisits = "youtube"
    Arguments = YoutubeArguments
    backend: Backend

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        super().update_settings(settings)
        verify = settings.getbool("YOUTUBE_VERIFY_TLS")
        settings.set("DOWNLOAD_VERIFY_CERTIFICATES", verify, priority="spider")

    def check_configuration(self) -> None:
        for seed in self.seeds:
            parse_target(seed.kind, seed.value)  # type: ignore[arg-type]  # a SEED_KIND
            self.options(seed)
        settings = self.crawler.settings
        try:
            settings.getdict("YOUTUBE_EXTRACTOR_ARGS")
        except ValueError as error:
            raise ConfigError(f"YOUTUBE_EXTRACTOR_ARGS is not a JSON object: {error}") from error
        has_key = bool(reveal(settings["YOUTUBE_API_KEY"]))
        self.backend = DataApiBackend(settings["YOUTUBE_API_URL"]) if has_key else YtdlpBackend()

    async def start_seed(self, seed: Seed) -> AsyncIterator[Request]:
        target = parse_target(seed.kind, seed.value)  # type: ignore[arg-type]  # a SEED_KIND
        limits = self.options(seed).limits
        for call in self.backend.calls([target], limits):
            yield self.request(call, limits)

    async def visit(self, visits: list[Visit]) -> AsyncIterator[Request]:
        limits = Limits(results=1, comments=0, order="relevance")
        targets = [parse_target("video", visit.key.partition(":")[2]) for visit in visits]
        for call in self.backend.calls(targets, limits):
            yield self.request(call, limits)

    def request(self, call: Call, limits: Limits) -> Request:
        """Make the request of ``call``; what it leads to keeps ``limits``."""
        meta: dict[str, Any] = {
            "call": call.to_dict(),
            "limits": asdict(limits),
            "handle_httpstatus_all": True,  # a status is an answer: the back-end reads it
            "give_up_log_level": "DEBUG",  # the line that counts is ours
            "dont_obey_robotstxt": True,  # an API; yt-dlp asks the one that YouTube's page asks
        }
        if self.backend.name == "ytdlp":
            meta |= {"ytdlp": call.options, "dont_retry": True, "dont_cache": True}
        return Request(call.url, callback=self.parse_answer, errback=self.failed, meta=meta)

    async def parse_answer(self, response: Response) -> AsyncIterator[Any]:
        """Yield the items of an answer, then what it leads to."""
        call = Call(**response.meta["call"])
        try:
            answer = self.backend.read(call, response.status, response.body)
        except CredentialError as error:
            # asked again when the crawl is resumed
            again = self.request(call, Limits(**response.meta["limits"]))
            yield self.follow(again.replace(dont_filter=True), same_depth=True)
            raise CloseSpider(self._refused(error)) from error
        except (PlatformUnavailableError, ExtractionError) as error:
            self._give_up(call, str(error))
            return
        self._note(answer)
        if response.meta.get("seed") == REVISIT:
            lost = [gone.about for gone in answer.unavailable if gone.reason in LOST]
            await self.visiting.gone([f"youtube:{about}" for about in lost])
        for output in self._outputs(answer, Limits(**response.meta["limits"])):
            yield output

    def _outputs(self, answer: Answer, limits: Limits) -> Iterator[Any]:
        yield from answer.items
        for onward in answer.onward:
            yield self.follow(self.request(onward.call, limits), of=onward.of, same_depth=True)
        for of, group in groupby(answer.found, key=lambda found: found.of):
            for call in self.backend.calls([found.target for found in group], limits):
                yield self.follow(self.request(call, limits), of=of)

    def _refused(self, error: CredentialError) -> str:
        self.crawler.stats.inc_value("youtube/refused")
        self.logger.error("The YouTube Data API refuses us, the crawl ends: %s", error)
        return "quota_spent" if isinstance(error, QuotaError) else "credentials_refused"

    def _note(self, answer: Answer) -> None:
        for gone in answer.unavailable:
            self.crawler.stats.inc_value(f"youtube/unavailable/{gone.reason}")
            self.logger.warning("Not available: %s (%s)", gone.about, gone.message)

    def failed(self, failure: Failure) -> None:
        """Note a request that got no answer; one that was pruned is no failure."""
        if not isinstance(failure.value, IgnoreRequest):
            call = Call(**failure.request.meta["call"])  # type: ignore[attr-defined]
            self._give_up(call, failure.getErrorMessage() or str(failure.type))

    def _give_up(self, call: Call, why: str) -> None:
        self.crawler.stats.inc_value(f"youtube/failed/{call.kind}")
        self.logger.warning("No answer for %s %s: %s", call.kind, call.about, why)


def _target_error(kind: Kind, value: str) -> None:
    try:
        parse_target(kind, value)
    except ConfigError as error:
        raise ValueError(str(error)) from error
