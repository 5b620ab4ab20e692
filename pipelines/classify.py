"""Ask the model server for a category and a title."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from scrapy.exceptions import NotConfigured

from gleanery.config import reveal
from gleanery.errors import ConfigError, ModelServerError, ModelToolError
from gleanery.fields.models import TOOL_ENGINES
from items import Annotation
from items.base import KINDS
from items.clock import utc_now
from model_server.schema import Classification, Document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

    from gleanery.config import Config
    from items import Item
    from model_server.client import ModelClient

logger = logging.getLogger(__name__)

TOOL = "classify"
"""Tool name of our annotations."""


class ClassifyPipeline:
    """Sets category, sub-category, headline and annotation of the kinds in ``CLASSIFY_KINDS``.

    Without an answer the item passes as it is: it is stored unclassified, counted, and
    ``gleanery reenrich`` catches up.
    """

    def __init__(self, crawler: Crawler) -> None:
        if not crawler.settings.getbool("CLASSIFY_ENABLED"):
            raise NotConfigured
        self.crawler, self.stats = crawler, crawler.stats
        self.kinds = check_kinds(crawler.settings.getlist("CLASSIFY_KINDS"))
        self.client = client_from_settings(crawler.settings)
        self._warned: set[str] = set()
        self._asking = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def open_spider(self) -> None:
        await self.client.open()

    async def close_spider(self) -> None:
        await self.client.close()

    async def process_item(self, item: Item) -> Item:
        """Return ``item``, classified if the model server answered."""
        if item.kind not in self.kinds:
            return item
        if (document := document_of(item)) is None:
            self.stats.inc_value("classify/empty")
            return item
        try:
            answer = await self._ask(document)
        except ModelServerError as error:
            self._note(error)
            return item
        annotate(item, answer)
        self.stats.inc_value("classify/classified")
        self.stats.inc_value(f"classify/category/{answer.category}")
        if answer.needs_review:
            self.stats.inc_value("classify/needs_review")
        return item

    async def _ask(self, document: Document) -> Classification:
        began = time.monotonic()
        self._count_asking(1)
        try:
            return await self.client.classify(document)
        finally:
            self._count_asking(-1)
            self.stats.inc_value("classify/asked")
            self.stats.inc_value("classify/waited_ms", round(1000 * (time.monotonic() - began)))

    def _count_asking(self, change: int) -> None:
        self._asking += change
        self.stats.set_value("classify/waiting", self._asking)

    def _note(self, error: ModelServerError) -> None:
        """Count; tell the first time only, since a server that is away is so for every item."""
        what = "refused" if isinstance(error, ModelToolError) else "unavailable"
        self.stats.inc_value(f"classify/{what}")
        if what not in self._warned:
            self._warned.add(what)
            logger.warning(
                "Items pass unclassified (classify/%s); `gleanery reenrich` catches up: %s",
                what,
                error,
                extra={"spider": self.crawler.spider},
            )


def document_of(item: Item) -> Document | None:
    """Return what the model server is asked about ``item``; ``None`` if it has no words."""
    if not item.title.strip() and not item.text.strip():
        return None
    return Document(
        id=item.identity, title=item.title, text=item.text, language=item.language, url=item.url
    )


def annotate(item: Item, answer: Classification) -> None:
    """Write ``answer`` into ``item``; an older annotation of the same engine is replaced."""
    item.category, item.subcategory = answer.category, answer.subcategory
    item.headline, item.needs_review = answer.title, answer.needs_review
    item.classified_at = utc_now()
    value = answer.model_dump(include={"category", "subcategory", "title", "needs_review"})
    value["scores"] = {key: round(score, 4) for key, score in answer.scores.items()}
    others = [a for a in item.annotations if (a.tool, a.engine) != (TOOL, answer.engine)]
    annotation = Annotation(
        tool=TOOL,
        engine=answer.engine,
        version=answer.version,
        value=value,
        score=round(answer.confidence, 4),
    )
    item.annotations = [*others, annotation]


def check_kinds(kinds: Sequence[str]) -> frozenset[str]:
    """Return ``kinds`` without blanks.

    Raises:
        ConfigError: One is no kind of item.
    """
    words = frozenset(word for kind in kinds if (word := kind.strip()))
    if unknown := words - KINDS.keys():
        raise ConfigError(
            f"CLASSIFY_KINDS: no kind {', '.join(sorted(unknown))}; there are {', '.join(KINDS)}"
        )
    return words


def client_from_settings(settings: BaseSettings) -> ModelClient:
    """Return a client of all in ``MODEL_SERVER_URL``, or of a server in this process if none is.

    Raises:
        GleaneryError: A setting is wrong; the message says which.
    """
    return make_client(
        url=settings.get("MODEL_SERVER_URL") or "",
        token=reveal(settings.get("MODEL_SERVER_TOKEN")),
        engine=settings["MODEL_ENGINE"],
        engines_file=Path(file) if (file := settings.get("MODEL_ENGINES_FILE")) else None,
        home=Path(settings["HOME"]),
        tools={
            capability: settings.get(name.upper()) or ""
            for capability, name in TOOL_ENGINES.items()
        },
        media_url=settings.get("MEDIA_URL") or "",
        timeout=settings.getfloat("MODEL_TIMEOUT_SECONDS"),
        batch_size=settings.getint("MODEL_BATCH_SIZE"),
        patience=settings.getfloat("MODEL_PATIENCE_SECONDS"),
    )


def client_from_config(config: Config) -> ModelClient:
    """Return a client for a program without Scrapy.

    Raises:
        GleaneryError: A setting is wrong; the message says which.
    """
    return make_client(
        url=config.model_server_url,
        token=reveal(config.model_server_token),
        engine=config.model_engine,
        engines_file=config.model_engines_file,
        home=config.home,
        tools=config.tool_engines,
        media_url=config.media_place,
        timeout=config.model_timeout_seconds,
        batch_size=config.model_batch_size,
        patience=config.model_patience_seconds,
    )


def make_client(
    *,
    url: str,
    token: str,
    engine: str,
    engines_file: Path | None,
    home: Path,
    timeout: float,
    batch_size: int,
    patience: float,
    tools: Mapping[str, str] | None = None,
    media_url: str = "",
) -> ModelClient:
    """Return a client, not yet open.

    Raises:
        ConfigError: A value is out of range.
        RegistryError: There is no such engine.
    """
    if not 1 <= batch_size <= 64 or timeout <= 0:
        raise ConfigError("MODEL_BATCH_SIZE is 1 to 64, MODEL_TIMEOUT_SECONDS is above 0")
    urls = [word for part in url.split(",") if (word := part.strip())]
    for one in urls:
        if not one.startswith(("http://", "https://")):
            raise ConfigError(f"MODEL_SERVER_URL {one!r} is no http(s) address")
    # The MCP SDK takes half a second to import: not for crawls that ask no model.
    from media.store import open_media  # noqa: PLC0415
    from model_server.client import ModelClient  # noqa: PLC0415
    from model_server.embedded import embedded_server  # noqa: PLC0415

    server = urls or embedded_server(
        engine,
        home,
        engines_file=engines_file,
        tools=tools,
        media=open_media(media_url) if media_url else None,
    )
    return ModelClient(
        server, token=token, timeout=timeout, batch_size=batch_size, patience=patience
    )
