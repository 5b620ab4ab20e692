"""What all our spiders share: typed arguments, seeds, and how requests carry their lineage."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import scrapy
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from gleanery.audio_plan import AudioPlan
from gleanery.errors import ConfigError
from gleanery.meanings import describe
from gleanery.signals import seed_begun
from items import Seed, load_profile, load_seeds, load_taxonomy
from items.seed import REVISIT
from spiders.visiting import Visiting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from scrapy.crawler import Crawler

    from items import Item
    from items.visit import Visit


class SpiderArguments(BaseModel):
    """Arguments of every spider (``-a NAME=VALUE``); each field's docstring is its help text."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=describe, frozen=True)

    SEED_KINDS: ClassVar[tuple[str, ...]] = ()
    """Arguments that are starting points: one of them, ``seeds`` or ``profile`` is needed."""
    ADDRESS_KINDS: ClassVar[tuple[str, ...]] = ()
    """Of these, the ones that take an address, in the order to try: what a start URL may be."""
    FILE_KINDS: ClassVar[tuple[str, ...]] = ()
    """Those whose value may name a file here; seeds from outside must not."""

    seeds: Path | None = None
    """YAML file of seeds."""
    profile: str | None = None
    """Name of a profile: news, daily, trend, health, or a file of your own in HOME/seeds."""
    category: str | None = None
    """Category wanted; branches that give nothing of it are pruned."""
    max_depth: int = Field(2, ge=0)
    """Links to follow from a seed; 0 = only what the seed itself shows."""
    max_items: int = Field(0, ge=0)
    """Stop after so many items; 0 = no limit."""

    revisit: int = Field(0, ge=0)
    """Visit so many stored items again that are due, those first that wait longest."""

    audio: str | None = None
    """What is done with the sound of videos, e.g. denoise+transcribe; none = nothing."""

    @field_validator("audio")
    @classmethod
    def _audio_plan(cls, value: str | None) -> str | None:
        try:
            return str(AudioPlan.parse(value)) if value else None
        except ConfigError as error:
            raise ValueError(str(error)) from error

    @field_validator("category")
    @classmethod
    def _known_category(cls, value: str | None) -> str | None:
        keys = load_taxonomy().keys
        if value and value not in keys:
            close = get_close_matches(value, keys, n=1)
            hint = f" did you mean {close[0]!r}?" if close else ""
            raise ValueError(f"no category {value!r};{hint} there are: {', '.join(keys)}")
        return value

    @classmethod
    def parse(cls, spider: str, given: dict[str, Any]) -> Self:
        """Read ``-a`` arguments.

        Raises:
            ConfigError: An argument is unknown, malformed or missing; the message says so.
        """
        try:
            return cls.model_validate({k: v for k, v in given.items() if v != ""})
        except ValidationError as error:
            problems = "; ".join(cls._explain(dict(e)) for e in error.errors())
            raise ConfigError(f"scrapy crawl {spider}: {problems}") from error

    @classmethod
    def _explain(cls, error: dict[str, Any]) -> str:
        name = str(error["loc"][0]) if error["loc"] else ""
        if error["type"] == "extra_forbidden":
            close = get_close_matches(name, cls.model_fields, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            return f"unknown argument {name!r}.{hint} Known: {', '.join(cls.model_fields)}."
        message = error["msg"].removeprefix("Value error, ")
        return f"argument {name!r}: {message} (got {error['input']!r})" if name else message


class GleanerySpider(scrapy.Spider):
    """A spider of one platform.

    A subclass sets ``name``, ``platform``, ``Arguments`` and writes :meth:`start_seed`.
    """

    platform: ClassVar[str]
    revisits: ClassVar[str] = ""
    """Platform of the items that :meth:`visit` can fetch again; empty = it cannot."""
    Arguments: ClassVar[type[SpiderArguments]] = SpiderArguments

    arguments: SpiderArguments
    """Set by :meth:`from_crawler`."""
    listed: list[Seed]
    """Of the seeds, those of a file or a profile."""
    budgets: Mapping[str, int] = MappingProxyType({})
    """Requests that fading seeds may make, by label."""

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        # scrapyd adds _job; Scrapy itself adds nothing
        arguments = cls.Arguments.parse(cls.name, {k: v for k, v in kwargs.items() if k != "_job"})
        spider = super().from_crawler(crawler, *args)
        spider.arguments = arguments
        spider.load_seeds(Path(crawler.settings["HOME"]))
        spider.check_configuration()
        return spider

    def load_seeds(self, home: Path) -> None:
        """Gather the seeds of the arguments, the seeds file and the profile.

        Raises:
            ConfigError: There is none for this platform.
        """
        a = self.arguments
        given = [
            Seed(platform=self.platform, kind=kind, value=str(value), category=a.category)
            for kind in a.SEED_KINDS
            for value in _words(getattr(a, kind))
        ]
        listed = (load_seeds(a.seeds) if a.seeds else []) + (
            load_profile(a.profile, home) if a.profile else []
        )
        mine = [
            s
            for s in listed
            if s.platform == self.platform and (not a.category or s.category in (None, a.category))
        ]
        for seed in mine:
            if seed.kind not in a.SEED_KINDS:
                raise ConfigError(
                    f"seed {seed.label}: {self.platform} knows {', '.join(a.SEED_KINDS)}"
                )
        self.seeds, self.listed = given + mine, mine
        if a.revisit and not self.revisits:
            raise ConfigError(f"scrapy crawl {self.name}: cannot visit items again (revisit=)")
        if a.revisit:
            return
        if not self.seeds and not self.settings.getbool("FRONTIER_START_URLS"):
            known = ", ".join(f"-a {kind}=…" for kind in (*a.SEED_KINDS, "seeds", "profile"))
            raise ConfigError(
                f"scrapy crawl {self.name}: nothing to start from; give one of {known}"
            )

    def check_configuration(self) -> None:
        """Check credentials and switches before anything is fetched.

        Raises:
            ConfigError: Something is missing; the message says which setting.
        """

    def options(self, seed: Seed) -> Any:
        """Return this spider's arguments with the seed's own options laid over them.

        Raises:
            ConfigError: An option is unknown or malformed.
        """
        own = self.arguments.model_dump(exclude_unset=True) | seed.options
        return type(self.arguments).parse(self.name, own)

    async def start(self) -> AsyncIterator[Any]:
        """Yield the first requests of each seed, with its lineage; before them, visits."""
        if self.arguments.revisit:
            visits = await self.visiting.take(self.revisits, self.arguments.revisit)
            self.crawler.stats.inc_value("revisit/taken", len(visits))
            async for request in self.visit(visits):
                request.meta.update(depth=0, max_depth=0, seed=REVISIT)
                yield request
        for seed in await self.fair_seeds():
            async for output in self.start_from(seed):
                yield output

    async def fair_seeds(self) -> list[Seed]:
        """Return the seeds to begin with, the best first; those that rest are left out.

        What a seed of a file or a profile has brought says which budget it gets; one that is given
        by hand is always taken in full.
        """
        if not self.listed or not self.settings.getbool("SEED_FADING"):
            return self.seeds
        plan = await self.visiting.seeds(self.listed)
        self.budgets = plan.budgets
        resting = [s for s in self.seeds if s in self.listed and s.label in plan.resting]
        if resting and len(resting) < len(self.seeds):
            self.crawler.stats.inc_value("seeds/resting", len(resting))
            self.logger.info("Seeds that rest: %s", ", ".join(seed.label for seed in resting))
        else:
            resting = []
        kept = [seed for seed in self.seeds if seed not in resting]
        return sorted(kept, key=lambda seed: -plan.shares.get(seed.label, 1.0))

    async def visit(self, visits: list[Visit]) -> AsyncIterator[scrapy.Request]:
        """Yield the requests that fetch stored items again; each knows whose they are."""
        raise NotImplementedError
        yield  # an async generator

    @property
    def visiting(self) -> Visiting:
        """The store's side of visits."""
        return Visiting(self.crawler)

    async def start_from(self, seed: Seed) -> AsyncIterator[Any]:
        """Yield the first requests of ``seed``, with its lineage."""
        self.crawler.signals.send_catch_log(seed_begun, seed=seed)
        async for output in self.start_seed(seed):
            yield self.begin(output, seed) if isinstance(output, scrapy.Request) else output

    def begin(self, request: scrapy.Request, seed: Seed) -> scrapy.Request:
        """Mark ``request`` as one that ``seed`` begins with."""
        a = self.arguments
        request.meta.setdefault("depth", 0)
        request.meta.update(seed=seed.label, category_wanted=seed.category or a.category)
        if seed.options:
            request.meta["seed_options"] = seed.options
        if audio := self.options(seed).audio if "audio" in seed.options else a.audio:
            request.meta["audio_plan"] = audio
        request.meta["max_depth"] = a.max_depth if seed.max_depth is None else seed.max_depth
        return request

    @classmethod
    def seed_of(cls, address: str) -> Seed | None:
        """Return the seed that ``address`` stands for; ``None`` if it is just a page."""
        for kind in cls.Arguments.ADDRESS_KINDS:
            try:
                cls.Arguments.parse(cls.name, {kind: address})
            except ConfigError:
                continue
            return Seed(platform=cls.platform, kind=kind, value=address)
        return None

    async def start_seed(self, seed: Seed) -> AsyncIterator[Any]:
        """Yield the first requests of ``seed``."""
        raise NotImplementedError
        yield  # an async generator

    def follow(
        self, request: scrapy.Request, *, of: Item | None = None, same_depth: bool = False
    ) -> scrapy.Request:
        """Mark how ``request`` hangs in the crawl.

        Args:
            request: A request about to be yielded from a callback.
            of: The item it belongs to, where a page gives several: its branch is judged by it.
            same_depth: It continues the same level (next page of a listing): depth does not grow.
        """
        if of is not None:
            request.meta["of"] = of.identity
        if same_depth:
            request.meta["same_depth"] = True
        return request


def _words(value: object) -> list[object]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]
