"""What the spider relies on, for every search provider that the folder holds."""

from __future__ import annotations

import pytest

from gleanery.config import Config
from gleanery.errors import ExtractionError, PlatformError
from platforms.google.provider import Listing, Search, SearchProvider
from spiders.google_arguments import GoogleArguments, providers

SETTINGS = Config().scrapy_settings() | {"SEARXNG_URL": "https://searx.example"}


NETWORKED = [name for name, p in sorted(providers().items()) if p.read is not SearchProvider.read]
"""Those that read answers; the others know their results from the start."""


@pytest.fixture(params=sorted(providers()))
def provider(request):
    return providers()[request.param](SETTINGS)


@pytest.fixture
def listed(provider, tmp_path):
    """A search of the provider's first kind that can begin."""
    path = tmp_path / "urls.txt"
    path.write_text("https://e.org/1\nhttps://e.org/2\n")
    values = {"feed": "https://e.org/rss", "sitemap": "https://e.org/s.xml", "urls": str(path)}
    kind = provider.kinds[0]
    return Search(kind=kind, value=values.get(kind, "words"))


def test_its_kinds_are_arguments_of_the_spider(provider):
    assert set(provider.kinds) <= set(GoogleArguments.SEED_KINDS)


def test_it_begins_with_one_address_or_with_results(provider, listed):
    listing = provider.start(listed)

    assert (len(listing.more) == 1) != bool(listing.results)
    assert all(address.startswith("https://") for address in listing.more)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 429, 500, 502, 503])
@pytest.mark.parametrize("body", [b"", b"{", b'{"error": 1}', b"[]", b"\xff\xfe<html>"])
def test_every_refusal_gets_one_line_with_its_status(provider, status, body):
    error = provider.refusal(status, body)

    assert isinstance(error, PlatformError)
    assert str(status) in str(error)
    assert "\n" not in str(error)


NONSENSE = [
    b"",
    b"\x00" * 100,
    b"{",
    b"[1]",
    b"<rss",
    b"\xff\xd8",
    b'{"results": 1, "items": 1}',
    b'{"items": [1, {"link": 5}], "queries": [1]}',
    b'{"results": [1, {"url": 3}], "unresponsive_engines": 3}',
]


@pytest.mark.parametrize("body", NONSENSE)
@pytest.mark.parametrize("provider", NETWORKED, indirect=True)
def test_nonsense_is_refused_or_empty_never_a_crash(provider, listed, body):
    try:
        listing = provider.read(body, "https://e.org/", listed)
    except ExtractionError:
        return

    assert isinstance(listing, Listing)
    assert listing.results == []
