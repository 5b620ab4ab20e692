"""Pictures of a crawl in the media store, by ``scrapy crawl``."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib

import pytest
from PIL import Image

from media.store import open_media
from tests.crawl import scrapy_crawl
from tests.mitm import MitmProxy
from tests.web import Web, article_html

SITE = "http://site.example"


def picture(colour: str, kind: str = "PNG", size: tuple[int, int] = (40, 30)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, kind)
    return file.getvalue()


def bomb() -> bytes:
    """A PNG of a few bytes whose header speaks of 10,000 million pixels."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    head = struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return b"\x89PNG\r\n\x1a\n" + head + picture("red")[33:]


def page(title: str, *pictures: str) -> str:
    """An article with these pictures in its text."""
    images = "".join(f'<img src="{address}">' for address in pictures)
    return article_html(title).replace("</p><p>", f"</p>{images}<p>", 1)


def crawl(home, web, **settings):
    urls = home / "urls.txt"
    home.mkdir(parents=True, exist_ok=True)
    urls.write_text("\n".join(sorted(url for url in web.pages if "/page" in url)))
    with MitmProxy(web) as proxy:
        result = scrapy_crawl(
            "google", home, urls=urls, max_depth=1, settings={"WEB_PROXY": proxy.url} | settings
        )
    assert "Traceback" not in result.log, result.log
    return result


def stats_of(result) -> dict[str, int]:
    return {k: v for k, v in result.stats.items() if k.startswith("media/")}


@pytest.fixture
def web():
    return Web()


def test_pictures_are_stored_once_and_listed_with_their_item(web, tmp_path):
    red, blue = picture("red"), picture("blue", "JPEG")
    web.put(f"{SITE}/red.png", red, kind="image/png")
    web.put(f"{SITE}/logo", red, kind="image/png")
    web.put(f"{SITE}/blue.jpg", blue, kind="text/plain")
    web.put(f"{SITE}/page1", page("One", "/red.png", "/logo", "/blue.jpg", "/film.mp4"))
    web.put(f"{SITE}/page2", page("Two", "/logo"))

    result = crawl(tmp_path, web, DOWNLOAD_MEDIA="images")

    media = open_media(tmp_path / "media")
    assert {e.key for e in media.scan()} == {hashlib.sha256(b).hexdigest() for b in (red, blue)}
    with result.store() as store:
        files = {row["url"]: row["media_files"] for row in store.scan()}
    one = {f["source"]: f for f in files[f"{SITE}/page1"]}
    assert {s.removeprefix(SITE) for s in one} == {"/red.png", "/logo", "/blue.jpg"}
    assert one[f"{SITE}/blue.jpg"] == {
        "key": hashlib.sha256(blue).hexdigest(),
        "role": "image",
        "content_type": "image/jpeg",
        "size": len(blue),
        "source": f"{SITE}/blue.jpg",
        "facts": {"width": 40, "height": 30, "animated": False},
    }
    assert [f["source"] for f in files[f"{SITE}/page2"]] == [f"{SITE}/logo"]
    assert media.read(one[f"{SITE}/red.png"]["key"]) == red
    assert web.times[f"{SITE}/logo"] == 1
    assert web.times[f"{SITE}/film.mp4"] == 0
    assert stats_of(result) == {
        "media/images/stored": 3,
        "media/images/bytes": len(red) + len(blue),
    }


def test_a_picture_that_cannot_be_had_never_loses_its_item(web, tmp_path):
    web.robots["forbidden.example"] = "User-agent: *\nDisallow: /"
    web.put(f"{SITE}/html.png", "<html>log in</html>")
    web.put(f"{SITE}/bomb.png", bomb(), kind="image/png")
    web.put(f"{SITE}/cut.png", picture("red", size=(300, 300))[:-30], kind="image/png")
    web.put(f"{SITE}/big.bmp", picture("red", "BMP", (200, 200)), kind="image/bmp")
    web.put(f"{SITE}/down.png", "", status=503)
    names = ["html.png", "bomb.png", "cut.png", "big.bmp", "down.png", "gone.png"]
    others = ["http://forbidden.example/x.png", "http://127.0.0.1/x.png", "http://10.1.1.1/y.png"]
    web.put(f"{SITE}/page1", page("One", *(f"/{n}" for n in names), *others))

    result = crawl(
        tmp_path, web,
        DOWNLOAD_MEDIA="images", MEDIA_MAX_BYTES=60_000, ALLOWED_ADDRESSES="172.16.0.0/12",
    )  # fmt: skip

    assert [row["media_files"] for row in result.items] == [[]]
    assert list(open_media(tmp_path / "media").scan()) == []
    assert stats_of(result) == {
        "media/images/refused/content": 3,
        "media/images/refused/address": 3,
        "media/images/failed": 3,
    }
    assert result.stats["ssrf/refused"] == 2


def test_nothing_is_fetched_until_it_is_switched_on_and_no_more_than_asked_for(web, tmp_path):
    for n in range(4):
        web.put(f"{SITE}/{n}.png", picture("red", size=(10 + n, 10)), kind="image/png")
    web.put(f"{SITE}/page1", page("One", *(f"/{n}.png" for n in range(4))))

    crawl(tmp_path / "off", web)
    off = dict(web.times)
    crawl(tmp_path / "some", web, DOWNLOAD_MEDIA="images", MEDIA_IMAGES_PER_ITEM=2)

    assert off == {f"{SITE}/page1": 1}
    assert not (tmp_path / "off" / "media").exists()
    assert {url for url in web.times if url.endswith("png")} == {f"{SITE}/0.png", f"{SITE}/1.png"}


def test_videos_are_only_counted_with_the_reason_against_them(web, tmp_path):
    web.put(f"{SITE}/page1", page("One", "/film.mp4", "/red.png"))

    wanted = crawl(tmp_path / "any", web, DOWNLOAD_MEDIA="videos")
    refused = crawl(tmp_path / "cc", web, DOWNLOAD_MEDIA="videos", MEDIA_LICENCE="creative_commons")

    assert stats_of(wanted) == {"media/videos/wanted": 1}
    assert stats_of(refused) == {"media/videos/refused/licence": 1}
    assert set(web.times) == {f"{SITE}/page1"}


def test_a_media_store_that_is_away_costs_pictures_not_items(web, tmp_path):
    (tmp_path / "file").write_text("no folder")
    web.put(f"{SITE}/red.png", picture("red"), kind="image/png")
    web.put(f"{SITE}/page1", page("One", "/red.png"))

    result = crawl(
        tmp_path, web, DOWNLOAD_MEDIA="images", MEDIA_URL=str(tmp_path / "file" / "media")
    )

    assert len(result.items) == 1
    assert stats_of(result) == {"media/images/unstored": 1}
    assert "is not stored: media store" in result.log
