"""Requests of ``ytdlp+http``: videos straight to the media store, by real crawls."""

from __future__ import annotations

import hashlib
import signal
from contextlib import suppress

import pytest

from media.store import open_media
from tests.conftest import wait_until
from tests.crawl import scrapy_crawl, start_crawl
from tests.media_site import MediaSite, draw_clip

SETTINGS = {
    "SPIDER_MODULES": "tests.spiders",
    "DOWNLOAD_MEDIA": "videos",
    "MEDIA_MAX_BYTES": 3_000_000,
}


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> bytes:
    return draw_clip(tmp_path_factory.mktemp("clip") / "clip.mp4").read_bytes()


@pytest.fixture
def site():
    with MediaSite() as site:
        yield site


@pytest.mark.slow
def test_requests_for_videos_are_answered_by_their_files(site, clip, tmp_path):
    """Also where the server cuts off and the crawl is stopped: the next one goes on.

    Limits, robots.txt and private addresses hold.
    """
    film = clip + bytes(2_000_000)
    site.put("/robots.txt", b"User-agent: *\nDisallow: /no")
    good = site.put("/a.mp4", film, cuts=[5000])
    refused = {
        site.put("/no.mp4", clip): "robots.txt does not allow it",
        site.put("/big.mp4", clip + bytes(3_000_000)): "at most 3,000,000 are downloaded",
        site.put("/text.mp4", b"<html>"): "it is no video",
        site.put("/page"): "it is no address of a video",
        "http://10.0.0.1/a.mp4": "not public",
    }
    pages = " ".join([good, *refused])

    slowly = {"MEDIA_BYTES_PER_SECOND": 100_000}
    with start_crawl("films", tmp_path, page=pages, settings=SETTINGS | slowly) as crawl:
        wait_until(lambda: parts(tmp_path), seconds=60)
        crawl.send_signal(signal.SIGINT)
        crawl.wait(60)
    (part,) = parts(tmp_path)
    there = part.stat().st_size
    result = scrapy_crawl("films", tmp_path, page=pages, settings=SETTINGS)
    with result.store() as store:
        said = {row["url"]: row for row in store.scan()}

    assert result.returncode == 0, result.log
    (file,) = said.pop(good)["media_files"]
    key = hashlib.sha256(film).hexdigest()
    assert (file["key"], file["role"], file["size"]) == (key, "video", len(film))
    assert (file["content_type"], file["source"]) == ("video/mp4", good)
    assert (file["facts"]["width"], file["facts"]["duration_seconds"]) == (320, 2.0)
    assert open_media(tmp_path / "media").read(key) == film
    asked = [wanted for path, wanted in site.asked if path == "/a.mp4"]
    assert (asked[:2], asked[-1]) == (["", "bytes=5000-"], f"bytes={there}-")
    assert {url for url, row in said.items() if refused[url] in row["text"]} == set(refused)
    stats = result.stats
    assert (stats["ytdlp/stored"], stats["ytdlp/stored_bytes"]) == (1, len(film))
    assert stats["downloader/response_bytes"] < 10_000  # the film is no part of an answer
    assert [path for path in (tmp_path / "downloads").iterdir() if path.is_dir()] == []


def parts(home):
    """Unfinished files of which something is there."""
    found = []
    for path in (home / "downloads").glob("*/*.part"):
        with suppress(FileNotFoundError):  # it is whole, or gone
            found += [path] if path.stat().st_size > 5000 else []
    return found
