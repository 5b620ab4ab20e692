"""Requests of ``ytdlp+http``: videos straight to the media store, by real crawls."""

from __future__ import annotations

import hashlib
import signal

import pytest

from media.store import open_media
from tests.conftest import wait_until
from tests.crawl import scrapy_crawl, start_crawl
from tests.media_site import MediaSite, draw_clip

SETTINGS = {"SPIDER_MODULES": "tests.spiders", "DOWNLOAD_MEDIA": "videos"}


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> bytes:
    return draw_clip(tmp_path_factory.mktemp("clip") / "clip.mp4").read_bytes()


@pytest.fixture
def site():
    with MediaSite() as site:
        yield site


def unfinished(home):
    return [path for path in (home / "downloads").iterdir() if path.is_dir()]


def asked(site, path):
    return [wanted for name, wanted in site.asked if name == path]


def test_a_request_for_a_video_is_answered_by_its_file(site, clip, tmp_path):
    """It goes on where it was cut off; limits, robots.txt and private addresses hold."""
    film = clip + b"\0" * 300_000
    site.put("/robots.txt", b"User-agent: *\nDisallow: /no")
    good = site.put("/a.mp4", film, cuts=[5000])
    refused = {
        site.put("/no.mp4", clip): "robots.txt does not allow it",
        site.put("/big.mp4", clip * 60): "at most 600,000 are downloaded",
        site.put("/text.mp4", b"<html>"): "it is no video",
        site.put("/page"): "it is no address of a video",
        "http://10.0.0.1/a.mp4": "not public",
    }

    result = scrapy_crawl(
        "films", tmp_path, page=" ".join([good, *refused]),
        settings=SETTINGS | {"MEDIA_MAX_BYTES": 600_000},
    )  # fmt: skip

    assert result.returncode == 0, result.log
    said = {row["url"]: row for row in result.items}
    (file,) = said.pop(good)["media_files"]
    key = hashlib.sha256(film).hexdigest()
    assert (file["key"], file["role"], file["size"]) == (key, "video", len(film))
    assert (file["content_type"], file["source"]) == ("video/mp4", good)
    assert (file["facts"]["width"], file["facts"]["duration_seconds"]) == (320, 2.0)
    assert open_media(tmp_path / "media").read(key) == film
    assert asked(site, "/a.mp4") == ["", "bytes=5000-"]
    assert {url for url, row in said.items() if refused[url] in row["text"]} == set(refused)
    stats = result.stats
    assert (stats["ytdlp/stored"], stats["ytdlp/refused"]) == (1, len(refused))
    assert stats["ytdlp/stored_bytes"] == len(film)
    assert stats["downloader/response_bytes"] < 10_000  # the film is no part of an answer
    assert unfinished(tmp_path) == []


@pytest.mark.slow
def test_a_crawl_that_is_stopped_goes_on_with_its_download(site, clip, tmp_path):
    film = clip * 40
    url = site.put("/a.mp4", film)
    slowly = SETTINGS | {"MEDIA_BYTES_PER_SECOND": 100_000}
    with start_crawl("films", tmp_path, page=url, settings=slowly) as crawl:
        wait_until(lambda: list((tmp_path / "downloads").glob("*/*.part")), seconds=60)
        crawl.send_signal(signal.SIGINT)
        crawl.wait(60)
    (part,) = (tmp_path / "downloads").glob("*/*.part")
    there = part.stat().st_size

    result = scrapy_crawl("films", tmp_path, page=url, settings=SETTINGS)

    assert 0 < there < len(film)
    assert [row["media_files"][0]["size"] for row in result.items] == [len(film)], result.log
    assert asked(site, "/a.mp4")[-1] == f"bytes={there}-"
    assert unfinished(tmp_path) == []
