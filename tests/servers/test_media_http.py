"""Videos over plain HTTP, from real servers on loopback, through the guard."""

from __future__ import annotations

import base64
import time

import pytest
from scrapy.exceptions import NotConfigured
from scrapy.utils.test import get_crawler

from crawlers.handlers.ytdlp import YtdlpHandler
from gleanery.config import Config
from gleanery.demo.server import DemoServer
from gleanery.errors import ConfigError, MediaRefusedError, MediaUnavailableError
from items import Article
from platforms.media.download import download, download_address
from platforms.media.downloaded import DownloadCancelledError
from platforms.media.rules import MediaRules
from tests.media_site import MediaSite, draw_clip, draw_tone
from tests.mitm import MitmProxy
from tests.web import Web

LOOPBACK = ("127.0.0.0/8",)


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> bytes:
    return draw_clip(tmp_path_factory.mktemp("clip") / "clip.mp4").read_bytes()


@pytest.fixture
def site():
    with MediaSite() as site:
        yield site


def config(**more) -> Config:
    settings = {"download_media": ("videos",), "allowed_addresses": LOOPBACK}
    return Config(**(settings | more))


def page(*media: str, **more) -> Article:
    return Article(
        platform="web", external_id="https://e.com/", url="https://e.com/", media=[*media], **more
    )


def test_a_pages_videos_come_to_disk_and_pictures_do_not(site, clip, tmp_path):
    told = []
    videos = [site.put("/a.mp4", clip), site.put("/b.mp4", clip + b"\0" * 9)]
    media = [site.put("/c.jpg", b"x"), *videos, "http://[", "data:video/mp4;base64,", videos[0]]

    done = download(
        page(*media), config(), tmp_path / "new", progress=lambda *told_: told.append(told_)
    )

    assert [(d.source, d.role, d.content_type) for d in done] == [
        (url, "video", "video/mp4") for url in videos
    ]
    assert [d.path.read_bytes() for d in done] == [clip, clip + b"\0" * 9]
    facts = done[0].facts
    assert (facts["duration_seconds"], facts["width"], facts["height"]) == (2.0, 320, 180)
    assert told[-1] == (len(clip) + 9, len(clip) + 9)
    assert sorted((tmp_path / "new").iterdir()) == sorted(d.path for d in done)
    assert [path for path, _ in site.asked].count("/a.mp4") == 1


def test_a_download_that_is_cut_off_goes_on_where_it_was(site, clip, tmp_path):
    url = site.put("/a.mp4", clip, cuts=[5000, 7000])

    (done,) = download(page(url), config(), tmp_path)

    assert done.path.read_bytes() == clip
    asked = [wanted for path, wanted in site.asked if path == "/a.mp4"]
    assert asked == ["", "bytes=5000-", "bytes=12000-"]


def test_the_next_call_goes_on_where_a_stopped_one_was(site, clip, tmp_path):
    url = site.put("/a.mp4", clip * 40)
    done = []

    with pytest.raises(DownloadCancelledError, match="stopped at"):
        download(
            page(url), config(), tmp_path,
            progress=lambda n, _: done.append(n), cancelled=lambda: bool(done),
        )  # fmt: skip
    (got,) = download(page(url), config(), tmp_path)

    assert got.path.read_bytes() == clip * 40
    asked = [wanted for path, wanted in site.asked if path == "/a.mp4"]
    assert asked == ["", f"bytes={done[0]}-"]
    assert 0 < done[0] < len(clip) * 40


@pytest.mark.parametrize("change", [{"etag": '"2"'}, {"ranges": False}, {"etag": ""}])
def test_another_version_is_never_joined_to_a_part(site, clip, tmp_path, change):
    """The server has a new file meanwhile, knows no ranges, or names no version."""
    first = {"etag": ""} if change == {"etag": ""} else {}
    url = site.put("/a.mp4", b"old" * 9000, cuts=[9000, 0, 0, 0], **first)
    with pytest.raises(MediaUnavailableError, match=r"/a\.mp4"):
        download(page(url), config(), tmp_path)

    site.put("/a.mp4", clip, **change)
    (done,) = download(page(url), config(), tmp_path)

    assert done.path.read_bytes() == clip


def test_what_is_finished_is_not_asked_for_again(site, clip, tmp_path):
    first, second = site.put("/a.mp4", clip), site.put("/b.mp4", clip, status=503)
    with pytest.raises(MediaUnavailableError, match="503"):
        download(page(first, second), config(), tmp_path)

    site.put("/b.mp4", clip)
    done = download(page(first, second), config(), tmp_path)

    assert [d.source for d in done] == [first, second]
    assert [path for path, _ in site.asked].count("/a.mp4") == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"body": b"<html><video>" * 99}, "it is no video"),
        ({"body": b"\x89PNG\r\n\x1a\n" + b"\0" * 99}, r"it is no video \(image/png\)"),
        ({"body": b""}, "the file is empty"),
        ({"status": 404}, "answered 404"),
        ({"status": 403}, "answered 403"),
        ({"body": b"\0\0\0\x18ftypmp42" + b"\0" * 5000}, "5,012 bytes or more, at most 5,000"),
        ({"status": 302, "headers": {"location": "/a.mp4"}}, "redirects"),
        ({"status": 302, "headers": {"location": "ftp://e.com/x"}}, "ftp"),
        ({"status": 302, "headers": {"location": "http://10.0.0.1/x"}}, "not public"),
        ({"status": 302, "headers": {"location": "http://169.254.169.254/"}}, "not public"),
    ],
)
def test_what_will_never_do_is_refused_and_leaves_nothing(site, tmp_path, answer, words):
    url = site.put("/a.mp4", **answer)

    with pytest.raises(MediaRefusedError, match=words):
        download(page(url), config(media_max_bytes=5000), tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_server_that_hides_the_size_is_stopped_at_the_limit(site, tmp_path):
    body = b"\0\0\0\x18ftypmp42" + b"\0" * 300_000
    url = site.put("/a.mp4", body, sized=False)

    with pytest.raises(MediaRefusedError, match="at most 100,000 are downloaded"):
        download(page(url), config(media_max_bytes=100_000), tmp_path)


def test_a_files_own_facts_decide_over_its_length_and_what_it_is(site, clip, tmp_path):
    tone = draw_tone(tmp_path / "tone.mp4").read_bytes()
    items = {
        "2 s, at most 1 are kept": page(site.put("/a.mp4", clip)),
        "no moving picture": page(site.put("/b.mp4", tone)),
        "not a media file": page(site.put("/c.mp4", clip[:3000])),
    }

    for words, item in items.items():
        folder = tmp_path / words
        with pytest.raises(MediaRefusedError, match=words):
            download(item, config(media_max_seconds=1), folder)
        assert list(folder.iterdir()) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "[::1]", "0x7f.1"])
def test_a_page_cannot_lead_to_this_machine(site, clip, tmp_path, host):
    site.put("/a.mp4", clip)
    url = f"http://{host}:{site.server_port}/a.mp4"

    with pytest.raises(MediaRefusedError, match="not public"):
        download(page(url), config(allowed_addresses=()), tmp_path)

    assert site.asked == []


def test_robots_txt_holds_for_files_too(site, clip, tmp_path):
    site.put("/robots.txt", b"User-agent: *\nDisallow: /no/\n")
    allowed, forbidden = site.put("/a.mp4", clip), site.put("/no/b.mp4", clip)

    done = download(page(forbidden, allowed), config(), tmp_path)
    with pytest.raises(MediaRefusedError, match=r"robots\.txt does not allow it"):
        download(page(forbidden), config(), tmp_path / "other")
    site.put("/robots.txt", status=500)
    with pytest.raises(MediaUnavailableError, match=r"robots\.txt"):
        download(page(allowed), config(), tmp_path / "third")

    assert [d.source for d in done] == [allowed]


def test_a_rate_limit_is_kept(site, tmp_path, clip):
    """Asserted on what the client asks of the clock, which may only be late."""
    body = clip + b"\0" * (200_000 - len(clip))
    began = time.monotonic()
    download(page(site.put("/a.mp4", body)), config(media_bytes_per_second=400_000), tmp_path)

    assert time.monotonic() - began >= 0.4


def test_nothing_is_downloaded_until_the_operator_says_so(tmp_path):
    with pytest.raises(ConfigError, match=r"terms forbid.*GLEANERY_DOWNLOAD_MEDIA=videos.*약관"):
        download(page("http://e.com/a.mp4"), Config(), tmp_path)
    with pytest.raises(NotConfigured, match=r"terms forbid.*GLEANERY_DOWNLOAD_MEDIA=videos.*약관"):
        YtdlpHandler.from_crawler(
            get_crawler(settings_dict=Config(home=tmp_path).scrapy_settings())
        )


def test_an_item_without_videos_and_one_of_another_licence_are_refused(tmp_path):
    with pytest.raises(MediaRefusedError, match="names no video"):
        download(page("http://e.com/a.jpg"), config(), tmp_path)
    with pytest.raises(MediaRefusedError, match="licence"):
        download(page("http://e.com/a.mp4"), config(media_licence="creative_commons"), tmp_path)
    rules = MediaRules.of(config(media_licence="creative_commons"))
    with pytest.raises(MediaRefusedError, match="nothing marks it"):
        download_address("http://e.com/a.mp4", rules, tmp_path)


def test_through_the_operators_proxy_literals_are_not_asked_of_it(tmp_path):
    with MitmProxy(Web()) as proxy:
        for host in ("127.0.0.1", "192.168.0.1", "localhost", "db.internal", "2130706433"):
            with pytest.raises(MediaRefusedError, match="not public"):
                download(
                    page(f"http://{host}/a.mp4"),
                    config(web_proxy=proxy.url, allowed_addresses=()),
                    tmp_path,
                )

    assert proxy.requests == []


def test_the_operators_proxy_gets_its_password_and_nobody_elses(tmp_path, clip):
    web = Web()
    web.put("http://site.example/a.mp4", clip)
    with MitmProxy(web) as proxy:
        url = proxy.url.replace("//", "//me:p%40ss@")
        (done,) = download(page("http://site.example/a.mp4"), config(web_proxy=url), tmp_path)

    assert done.path.read_bytes() == clip
    basic = base64.b64encode(b"me:p@ss").decode()
    assert [h["proxy-authorization"] for h in web.headers] == [f"Basic {basic}"]


def test_the_sample_worlds_clips_are_downloaded(tmp_path):
    with DemoServer() as world:
        name = world.world.videos[0]["id"]
        (done,) = download(page(f"{world.url}/clips/{name}.avi"), config(), tmp_path)

    assert (done.content_type, done.path.suffix) == ("video/x-msvideo", ".avi")
