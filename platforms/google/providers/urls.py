"""A list of addresses in a file."""

from __future__ import annotations

from pathlib import Path

from gleanery.errors import ConfigError
from platforms.google.provider import Listing, Result, Search, SearchProvider, check_address


class UrlsProvider(SearchProvider):
    """One http(s) address a line, UTF-8; empty lines and ``#`` comments are left out.

    The value names that file, or is one address itself.
    """

    name = "urls"
    kinds = ("urls",)

    def check(self, search: Search) -> None:
        if not _addresses(search.value):
            raise ConfigError(f"{search.value}: there is no address in it")

    def start(self, search: Search) -> Listing:
        return Listing(results=[Result(url=url) for url in _addresses(search.value)])


def _addresses(value: str) -> list[str]:
    if value.startswith(("http://", "https://")):
        check_address(value, "urls")
        return [value]
    path = Path(value)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"Cannot read the list of addresses {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not text in UTF-8: {error}") from error
    found = [(n, line.strip()) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    lines = [(n, line) for n, line in found if not line.startswith("#")]
    for n, line in lines:
        check_address(line, f"{path}, line {n}")
    return [line for _, line in lines]
