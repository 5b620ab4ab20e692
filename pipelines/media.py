"""Fetch the pictures of posts and articles; say which videos are wanted."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http.request import NO_CALLBACK

from gleanery.errors import ConfigError, MediaError, MediaRefusedError
from gleanery.fields.media import MEDIA
from items import Article, MediaFile, Post
from items.seed import REVISIT
from media.image import load_pillow, read_header
from media.store import Stored, open_media
from pipelines.media_videos import CrawledVideos
from pipelines.once import Once
from platforms.media.plan import is_video_address, refusal, video_sources

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from items import Item

logger = logging.getLogger(__name__)

ACCEPT = "image/webp,image/png,image/jpeg,image/gif;q=0.9,image/*;q=0.5,*/*;q=0.1"
ENDINGS = ("", "jpg", "jpeg", "jfif", "png", "gif", "webp", "bmp", "tif", "tiff")
"""Of addresses that may be pictures; most of those without an ending are."""
PATIENCE_SECONDS = 300
"""Longest wait for one picture, the politeness delay and its retries included."""


class MediaPipeline:
    """Stores pictures in the media store and lists them in ``item.media_files``.

    They are fetched through Scrapy's engine: robots.txt, delays, retries, address checks and size
    limits are those of pages. A picture that cannot be had is counted, and the item goes on.
    Videos are only counted here, since who works on them downloads them (``gleanery work``), unless
    ``MEDIA_VIDEOS_BY=crawl`` has the item wait for them.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        settings = crawler.settings
        self.kinds = settings.getlist("DOWNLOAD_MEDIA")
        if not self.kinds:
            raise NotConfigured
        if unknown := set(self.kinds) - set(MEDIA):
            raise ConfigError(f"DOWNLOAD_MEDIA {sorted(unknown)}: there are {', '.join(MEDIA)}")
        if "images" in self.kinds:
            load_pillow()  # say now that it is missing, not at each picture
        self.licence = settings["MEDIA_LICENCE"]
        self.max_seconds = settings.getfloat("MEDIA_MAX_SECONDS")
        self.per_item = settings.getint("MEDIA_IMAGES_PER_ITEM")
        self.max_bytes = min(
            settings.getint("MEDIA_MAX_BYTES"), settings.getint("DOWNLOAD_MAXSIZE")
        )
        self.media = open_media(settings["MEDIA_URL"], max_bytes=self.max_bytes)
        self._slots = asyncio.Semaphore(settings.getint("MEDIA_IMAGE_CONCURRENCY"))
        self._image = Once(self._fetch)
        self._videos = CrawledVideos(crawler) if settings["MEDIA_VIDEOS_BY"] == "crawl" else None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_item(self, item: Item) -> Item:
        """Return ``item`` with the files that could be had."""
        visited_again = item.seed == REVISIT  # its files are in the store since it was found
        if "videos" in self.kinds and video_sources(item):
            reason = refusal(item, licence=self.licence, max_seconds=self.max_seconds)
            self._count(f"media/videos/refused/{reason}" if reason else "media/videos/wanted")
            if self._videos and not reason and not visited_again:
                item.media_files += await self._videos.of(item)
        if "images" in self.kinds and isinstance(item, (Post, Article)) and not visited_again:
            addresses = image_addresses(item)[: self.per_item]
            found = await asyncio.gather(*map(self._image, addresses))
            item.media_files += [file for file in found if file]
        return item

    async def _fetch(self, url: str) -> MediaFile | None:
        """Return the picture at ``url``; ``None`` if it cannot be had."""
        try:
            async with self._slots:
                response = await asyncio.wait_for(self._download(url), PATIENCE_SECONDS)
                if response.status != 200:
                    self._count("media/images/failed")
                    return None
                stored, file = await asyncio.to_thread(self._keep, url, response.body)
        except IgnoreRequest:  # robots.txt or an address; who refused it has counted and told it
            self._count("media/images/refused/address")
        except MediaRefusedError as error:
            self._count("media/images/refused/content")
            logger.debug("No picture at %s: %s", url, error, extra=self._extra)
        except MediaError as error:
            self._count("media/images/unstored")
            logger.warning("Picture %s is not stored: %s", url, error, extra=self._extra)
        except Exception as error:
            self._count("media/images/failed")
            logger.debug("No picture from %s: %r", url, error, extra=self._extra)
        else:
            self._count("media/images/stored")
            self._count("media/images/bytes", stored.size if stored.new else 0)
            return file
        return None

    async def _download(self, url: str) -> Response:
        assert self.crawler.engine
        return await self.crawler.engine.download_async(
            Request(
                url,
                headers={"Accept": ACCEPT},
                callback=NO_CALLBACK,
                dont_filter=True,
                meta={
                    "download_maxsize": self.max_bytes,
                    "give_up_log_level": logging.DEBUG,
                },
            )
        )

    def _keep(self, url: str, body: bytes) -> tuple[Stored, MediaFile]:
        facts = read_header(body, whole=True)
        stored = self.media.put_bytes(body)
        return stored, MediaFile(
            key=stored.key,
            role="image",
            content_type=facts.content_type,
            size=stored.size,
            source=url,
            facts={"width": facts.width, "height": facts.height, "animated": facts.animated},
        )

    def _count(self, stat: str, number: int = 1) -> None:
        self.crawler.stats.inc_value(stat, number)

    @property
    def _extra(self) -> dict[str, object]:
        return {"spider": self.crawler.spider}


def image_addresses(item: Item) -> list[str]:
    """Return the addresses of an item that may be pictures, the main one first, each once."""
    main = getattr(item, "image", None)
    found = dict.fromkeys([main, *item.media] if main else item.media)
    return [url for url in found if _may_be_image(url)]


def _may_be_image(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    name = parts.path.rpartition("/")[2].lower()
    ending = name.rpartition(".")[2] if "." in name else ""
    known = ending in ENDINGS or not ending.isalnum() or len(ending) > 4
    return parts.scheme in ("http", "https") and known and not is_video_address(url)
