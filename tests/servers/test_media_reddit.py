"""Reddit's own videos: its host behind a proxy that answers itself."""

from __future__ import annotations

import re
import subprocess

import pytest

from gleanery.config import Config
from gleanery.errors import MediaRefusedError
from items import Post
from media.ffmpeg import ffmpeg_program
from platforms.media import Downloaded
from platforms.media.download import download
from tests.media_site import draw_clip, draw_tone
from tests.mitm import MitmProxy
from tests.web import Web


def config(proxy: MitmProxy) -> Config:
    return Config(download_media=("videos",), web_proxy=proxy.url)


MPD = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period>
 <AdaptationSet contentType="video">
  <Representation height="720" mimeType="video/mp4"><BaseURL>DASH_720.mp4</BaseURL></Representation>
  <Representation height="360" mimeType="video/mp4"><BaseURL>DASH_360.mp4</BaseURL></Representation>
  <Representation height="240" mimeType="video/mp4"><BaseURL>DASH_240.mp4</BaseURL></Representation>
  <Representation height="300" mimeType="video/mp4"><BaseURL>http://10.0.0.1/x</BaseURL></Representation>
 </AdaptationSet>
 <AdaptationSet contentType="audio">
  <Representation bandwidth="64000"><BaseURL>DASH_AUDIO_64.mp4</BaseURL></Representation>
  <Representation bandwidth="128000"><BaseURL>DASH_AUDIO_128.mp4</BaseURL></Representation>
 </AdaptationSet>
</Period></MPD>"""


def reddit_post(url: str) -> Post:
    return Post(platform="reddit", external_id="t3_x", url="https://www.reddit.com/x", media=[url])


@pytest.fixture
def reddit(tmp_path_factory):
    """``v.redd.it`` behind a proxy that answers itself."""
    folder = tmp_path_factory.mktemp("reddit")
    web = Web()
    base = "http://v.redd.it/abc"
    web.put(f"{base}/DASHPlaylist.mpd", MPD, kind="application/dash+xml")
    for height in (240, 360, 720):
        body = draw_clip(folder / f"{height}.mp4", size=f"426x{height}", sound=False).read_bytes()
        web.put(f"{base}/DASH_{height}.mp4", body, kind="video/mp4")
    tone = draw_tone(folder / "tone.m4a").read_bytes()
    web.put(f"{base}/DASH_AUDIO_128.mp4", tone, kind="video/mp4")
    with MitmProxy(web) as proxy:
        yield proxy, web


def streams_of(done: Downloaded) -> tuple[str, bool]:
    """Height of the picture, and whether there is a sound, by ffmpeg's own words."""
    said = subprocess.run(
        [ffmpeg_program(), "-i", str(done.path)], capture_output=True, text=True, check=False
    ).stderr
    return re.search(r"Video:.*?\d\d+x(\d+)", said)[1], "Audio: aac" in said


def test_reddits_picture_and_sound_are_joined(reddit, tmp_path):
    proxy, web = reddit

    (done,) = download(
        reddit_post("http://v.redd.it/abc/DASH_720.mp4?source=fallback"),
        config(proxy),
        tmp_path,
    )

    assert (done.content_type, streams_of(done)) == ("video/mp4", ("360", True))
    assert done.source == "http://v.redd.it/abc/DASH_720.mp4?source=fallback"
    assert [url.rpartition("/")[2] for url in web.asked] == [
        "DASHPlaylist.mpd", "DASH_360.mp4", "DASH_AUDIO_128.mp4"
    ]  # fmt: skip
    assert list(tmp_path.iterdir()) == [done.path]


def test_a_reddit_video_of_before_the_manifests_is_taken_as_it_is(reddit, tmp_path):
    proxy, web = reddit
    web.pages.pop("http://v.redd.it/abc/DASHPlaylist.mpd")

    (done,) = download(reddit_post("http://v.redd.it/abc/DASH_240.mp4"), config(proxy), tmp_path)

    assert streams_of(done) == ("240", False)


@pytest.mark.parametrize("manifest", ["<MPD", "<MPD/>", MPD.replace("DASH_", "http://10.0.0.1/")])
def test_a_broken_manifest_is_refused(reddit, tmp_path, manifest):
    proxy, web = reddit
    web.put("http://v.redd.it/abc/DASHPlaylist.mpd", manifest)

    with pytest.raises(MediaRefusedError, match="manifest"):
        download(reddit_post("http://v.redd.it/abc/DASH_240.mp4"), config(proxy), tmp_path)
