"""Which links of a page are worth following."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import tldextract

from gleanery.urls import host_of

NO_PAGE = frozenset(
    "7z aac aif apk atom avi avif bin bmp bz2 css csv dmg doc docx eot epub exe flac flv gif gz"  # noqa: SIM905
    " ico ics iso jar jpeg jpg js json jsonld key m3u8 m4a m4v mid mkv mng mov mp3 mp4 mpeg mpg msi"
    " odp ods odt ogg ogv otf pdf pkg png pps ppt pptx ps psd rar rss rtf svg swf tar tgz tif tiff"
    " torrent ttf txt wav webm webmanifest webp wma wmv woff woff2 xls xlsx xml xz zip".split()
)
"""Endings of paths that lead to no HTML."""

# the list inside the package: looking at a link must not ask the network for a newer one
_split_host = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


@dataclass(slots=True, kw_only=True, frozen=True)
class LinkRules:
    """What ``-a allow=``, ``-a deny=`` and ``-a same_site=`` say."""

    allow: str | None = None
    """Regular expression that an address must match somewhere; ``None`` = any."""

    deny: str | None = None
    """Regular expression that it must not match."""

    same_site: bool = True
    """Whether a link must stay on the registered domain of its page."""

    def welcomes(self, url: str) -> bool:
        """Return whether ``url`` may be a page that is wanted, wherever the link stands."""
        if self.allow and not re.search(self.allow, url):
            return False
        return not (self.deny and re.search(self.deny, url)) and not leads_to_a_file(url)

    def follows(self, url: str, page: str) -> bool:
        """Return whether the link ``url`` on ``page`` may be followed."""
        return self.welcomes(url) and (not self.same_site or site_of(url) == site_of(page))


def leads_to_a_file(url: str) -> bool:
    """Return whether the path's ending names something other than a page."""
    return PurePosixPath(urlsplit(url).path).suffix[1:].lower() in NO_PAGE


def site_of(url: str) -> str:
    """Return the registered domain (``bbc.co.uk``), by the Public Suffix List; else the host."""
    return _site_of_host(host_of(url))


@lru_cache(maxsize=4096)
def _site_of_host(host: str) -> str:
    return _split_host(host).top_domain_under_public_suffix or host
