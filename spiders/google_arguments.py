"""Arguments of ``scrapy crawl google``."""

from __future__ import annotations

import re
from typing import ClassVar

from pydantic import Field, field_validator, model_validator

from gleanery.errors import RegistryError
from gleanery.registry import choose, load_folder
from platforms.google.provider import SearchProvider
from spiders.base import SpiderArguments

COUNTRIES = {
    "de": "DE", "en": "US", "es": "ES", "fr": "FR", "hi": "IN", "id": "ID", "it": "IT",
    "ja": "JP", "ko": "KR", "nl": "NL", "pl": "PL", "pt": "PT", "ru": "RU", "th": "TH",
    "tr": "TR", "uk": "UA", "vi": "VN", "zh": "TW",
}  # fmt: skip
"""Country meant where only a language is given."""


class GoogleArguments(SpiderArguments):
    """What to look for, and which links of the pages found to follow."""

    SEED_KINDS: ClassVar[tuple[str, ...]] = ("query", "topic", "top", "feed", "sitemap", "urls")
    ADDRESS_KINDS: ClassVar[tuple[str, ...]] = ("urls",)
    FILE_KINDS: ClassVar[tuple[str, ...]] = ("urls",)

    query: str | None = None
    """Words to search for with the provider."""
    topic: str | None = None
    """Google News topic: top, WORLD, NATION, BUSINESS, TECHNOLOGY, …, or a topic's id."""
    top: bool | None = None
    """Google News top stories."""
    feed: str | None = None
    """Address of a publisher's RSS or Atom feed."""
    sitemap: str | None = None
    """Address of a sitemap or of an index of sitemaps."""
    urls: str | None = None
    """Text file of addresses, one a line; or one address."""
    provider: str | None = None
    """Who answers a query: google_news (default), cse or searxng."""
    language: str | None = None
    """Language of the results, e.g. ko or pt-BR."""
    country: str | None = None
    """Country of the results, two letters, e.g. KR; by default the language's."""
    results: int = Field(100, ge=1)
    """Results followed from each seed, at most."""
    allow: str | None = None
    """Regular expression that results and links must match."""
    deny: str | None = None
    """Regular expression that they must not match."""
    same_site: bool = True
    """Links stay on the registered domain of their page."""

    @field_validator("top")
    @classmethod
    def _only_true(cls, value: bool | None) -> bool | None:
        return value or None

    @field_validator("language")
    @classmethod
    def _language_tag(cls, value: str | None) -> str | None:
        if value and not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,4})?", value):
            raise ValueError("a language tag is needed (BCP 47), e.g. ko, en-GB or pt-BR")
        return value

    @field_validator("country")
    @classmethod
    def _two_letters(cls, value: str | None) -> str | None:
        if value and not re.fullmatch(r"[A-Za-z]{2}", value):
            raise ValueError("two letters are needed (ISO 3166-1), e.g. KR")
        return value.upper() if value else None

    @field_validator("allow", "deny")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        try:
            re.compile(value or "")
        except re.error as error:
            raise ValueError(f"no regular expression: {error}") from error
        return value

    @field_validator("provider")
    @classmethod
    def _known_provider(cls, value: str | None) -> str | None:
        try:
            return choose(value, searchers(), kind="search provider").name if value else None
        except RegistryError as error:
            raise ValueError(str(error)) from error

    @model_validator(mode="after")
    def _answered(self) -> GoogleArguments:
        kinds = searchers()[self.provider].kinds if self.provider else ()
        for kind in ("topic", "top"):
            if self.provider and getattr(self, kind) and kind not in kinds:
                raise ValueError(f"provider={self.provider} knows no {kind}=; google_news does")
        return self

    @property
    def edition_country(self) -> str | None:
        """The country given, else the language's own."""
        if self.country or not self.language:
            return self.country
        _, _, region = self.language.partition("-")
        return region if len(region) == 2 else COUNTRIES.get(self.language.partition("-")[0])


def providers() -> dict[str, type[SearchProvider]]:
    """Return every search provider by name."""
    return load_folder("platforms.google.providers", SearchProvider)


def searchers() -> dict[str, type[SearchProvider]]:
    """Return those that answer a query."""
    return {name: p for name, p in providers().items() if "query" in p.kinds}


def provider_for(kind: str, wanted: str | None) -> type[SearchProvider]:
    """Return who answers a seed of ``kind``: the wanted one if it can, else the one that can."""
    found = providers()
    if wanted and kind in found[wanted].kinds:
        return found[wanted]
    if kind in found["google_news"].kinds:
        return found["google_news"]
    return next(p for p in found.values() if kind in p.kinds)
