"""Videos as answers: a request of ``ytdlp+https://…`` ends with its file in the media store."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import ValidationError
from scrapy.exceptions import NotConfigured
from scrapy.http import TextResponse

from gleanery.config import Config
from gleanery.errors import ConfigError, MediaRefusedError, MediaUnavailableError
from gleanery.files import locked
from media.store import open_media
from platforms.media.download import download_address
from platforms.media.downloaded import DownloadCancelledError
from platforms.media.rules import MediaRules
from platforms.youtube.ytdlp import error_body

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.settings import BaseSettings

    from items import MediaFile

SCHEME = "ytdlp+"
"""Begins an address; the video's own follows."""
FORGET_SECONDS = 86_400
"""Age of an unfinished download from which no crawl goes on with it."""
RULES = (
    "allowed_addresses",
    "download_media",
    "media_bytes_per_second",
    "media_licence",
    "media_max_bytes",
    "media_max_height",
    "media_max_seconds",
    "user_agent",
    "web_proxy",
    "youtube_proxy",
    "youtube_verify_tls",
)
"""Settings that say what may be downloaded, and how."""


class YtdlpHandler:
    """Downloads the video of a request straight to disk, by the worker's own code and rules.

    The answer is small: 200 with an ``items.MediaFile`` as JSON; 404 (never again) or 503 (try
    later, it goes on where it was) with ``{"error": {"reason", "message"}}``. RetryMiddleware asks
    again after a 503. A crawl that ends stops its downloads; what there is of them stays for the
    next one. Nothing passes Scrapy's engine meanwhile, so a handler it may be
    (``middlewares.ytdlp`` says why metadata may not).
    """

    lazy = True

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        settings = crawler.settings
        self.rules = _rules_of(settings)
        self.media = open_media(settings["MEDIA_URL"], max_bytes=self.rules.max_bytes)
        self.place = Path(settings["HOME"]) / "downloads"
        self.place.mkdir(parents=True, exist_ok=True)
        _forget_old(self.place)
        self.pool = ThreadPoolExecutor(settings.getint("MEDIA_VIDEO_CONCURRENCY"), "download")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def download_request(self, request: Request) -> Response:
        """Answer one request; it waits for a free thread, and then for its video."""
        url, loop = request.url.removeprefix(SCHEME), asyncio.get_running_loop()
        try:
            file = await loop.run_in_executor(self.pool, self._fetch, url)
        except MediaRefusedError as error:
            return self._answer(request, 404, "refused", error_body("refused", str(error)))
        except MediaUnavailableError as error:
            return self._answer(request, 503, "later", error_body("later", str(error)))
        self.crawler.stats.inc_value("ytdlp/stored_bytes", file.size)
        return self._answer(request, 200, "stored", json.dumps(file.to_dict()).encode())

    async def close(self) -> None:
        """Let the threads go; every request has been answered."""
        self.pool.shutdown(wait=False, cancel_futures=True)

    def _fetch(self, url: str) -> MediaFile:
        """Bring a video to the media store; blocks.

        Raises:
            MediaRefusedError: Never again.
            MediaUnavailableError: Try again later.
        """
        folder = self.place / hashlib.sha256(url.encode()).hexdigest()[:32]
        with _alone_in(folder) as alone:
            if not alone:
                raise MediaUnavailableError(f"{url}: it is being downloaded already")
            try:
                if self._is_closing():
                    raise DownloadCancelledError(f"{url}: the crawl ends")
                found = download_address(url, self.rules, folder, cancelled=self._is_closing)
                file = found.keep(self.media, move=True)
            except MediaRefusedError:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            shutil.rmtree(folder, ignore_errors=True)
        return file

    def _answer(self, request: Request, status: int, outcome: str, body: bytes) -> Response:
        self.crawler.stats.inc_value(f"ytdlp/{outcome}")
        kind = {"Content-Type": "application/json"}
        return TextResponse(request.url, status=status, headers=kind, body=body, encoding="utf-8")

    def _is_closing(self) -> bool:
        """Whether the crawl ends; Scrapy has no signal for that."""
        engine: Any = self.crawler.engine
        return engine._slot is None or engine._slot.closing is not None


def _rules_of(settings: BaseSettings) -> MediaRules:
    """Read what a crawl's settings allow.

    Raises:
        NotConfigured: Downloads of videos are off, or a setting does not fit.
    """
    values: dict[str, Any] = {name: settings.get(name.upper()) for name in RULES}
    values["media_extractor_args"] = settings.getdict("MEDIA_EXTRACTOR_ARGS")
    try:
        return MediaRules.of(Config(**values))
    except (ConfigError, ValidationError) as error:
        raise NotConfigured(str(error)) from error


def _alone_in(folder: Path) -> AbstractContextManager[bool]:
    """Lock a download against other processes, too; 4096 files for all: two may share one."""
    return locked(folder.with_name(f"{folder.name[:3]}.lock"), wait=False)


def _forget_old(place: Path) -> None:
    """Remove unfinished downloads that nobody has gone on with for long."""
    for folder in filter(Path.is_dir, place.iterdir()):
        with _alone_in(folder) as alone:
            if alone and time.time() - _touched_at(folder) > FORGET_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def _touched_at(folder: Path) -> float:
    return max((path.stat().st_mtime for path in folder.iterdir()), default=0.0)
