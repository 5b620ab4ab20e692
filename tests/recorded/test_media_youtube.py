"""A recorded YouTube video through the replay proxy, its media bytes from clips drawn here."""

from __future__ import annotations

import json
import re
import subprocess
import time

import httpx2
import pytest

from gleanery.config import Config
from gleanery.errors import MediaRefusedError, MediaUnavailableError
from items import Video, item_from_dict
from media.ffmpeg import ffmpeg_program
from media.store import open_media
from pipelines.work.plan import DOWNLOAD
from pipelines.work.steps import STEPS
from platforms.media import Downloaded
from platforms.media.download import download
from platforms.media.downloaded import DownloadCancelledError
from platforms.media.guard import GuardedNetwork
from tests.crawl import scrapy_crawl
from tests.media_site import MediaSite
from tests.mitm import MitmProxy
from tests.recorded.youtube_coverage import UNAVAILABLE
from tests.youtube_media import VIDEO, MediaReplay, drawn_streams
from tests.youtube_replay import (
    EXTRACTOR_ARGS,
    YoutubeReplay,
    load_recordings,
    replay_settings,
)

OTHER = "ud9d5cMDP_0"
"""It is not under Creative Commons."""


@pytest.fixture(scope="module")
def recordings(fixtures):
    return load_recordings(fixtures / "youtube" / "innertube")


@pytest.fixture(scope="module")
def streams(tmp_path_factory):
    return drawn_streams(tmp_path_factory.mktemp("streams"))


@pytest.fixture
def youtube(recordings, streams):
    media = MediaReplay(YoutubeReplay(recordings), streams)
    with MitmProxy(media) as proxy:
        yield proxy, media


def config(proxy: MitmProxy, **more) -> Config:
    return Config(
        download_media=("videos",),
        youtube_proxy=proxy.url,
        youtube_verify_tls=False,
        media_extractor_args=EXTRACTOR_ARGS,
        **more,
    )


def video(name: str = VIDEO, **more) -> Video:
    url = f"https://www.youtube.com/watch?v={name}"
    return Video(platform="youtube", external_id=name, url=url, **more)


def streams_of(done: Downloaded) -> str:
    """What ffmpeg says of a file."""
    return subprocess.run(
        [ffmpeg_program(), "-i", str(done.path)], capture_output=True, text=True, check=False
    ).stderr


def test_a_video_is_downloaded_in_at_most_360_lines_with_its_sound(youtube, tmp_path):
    """No faster than allowed: asserted on the clock, which may only be late."""
    proxy, media = youtube
    told, twice_its_size = [], 2 * len(media.bodies["18"])
    limited = config(proxy, media_bytes_per_second=twice_its_size)
    began = time.monotonic()

    (done,) = download(video(), limited, tmp_path, progress=lambda *x: told.append(x))

    assert time.monotonic() - began >= 0.5
    assert (done.role, done.content_type) == ("video", "video/mp4")
    assert done.source == f"https://www.youtube.com/watch?v={VIDEO}"
    assert list(tmp_path.iterdir()) == [done.path]
    assert ("640x360" in streams_of(done), "Audio: aac" in streams_of(done)) == (True, True)
    assert [itag for itag, _ in media.asked] == ["18"]
    assert told[-1][0] == told[-1][1] == done.path.stat().st_size


def test_picture_and_sound_that_come_apart_are_joined(youtube, tmp_path):
    proxy, media = youtube

    (done,) = download(video(), config(proxy, media_max_height=144), tmp_path)

    assert ("256x144" in streams_of(done), "Audio: aac" in streams_of(done)) == (True, True)
    assert [itag for itag, _ in media.asked] == ["160", "140"]
    assert list(tmp_path.iterdir()) == [done.path]


def test_a_stopped_download_goes_on_where_it_was(youtube, tmp_path):
    proxy, media = youtube
    told = []

    with pytest.raises(DownloadCancelledError):
        download(
            video(), config(proxy), tmp_path,
            progress=lambda n, _: told.append(n), cancelled=lambda: bool(told) and told[-1] > 1000,
        )  # fmt: skip
    (part,) = tmp_path.glob("*.part")
    there = part.stat().st_size
    (done,) = download(video(), config(proxy), tmp_path)

    assert there > 1000
    assert [wanted.partition("-")[0] for _, wanted in media.asked] == ["bytes=0", f"bytes={there}"]
    assert list(tmp_path.iterdir()) == [done.path]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"media_max_bytes": 5000}, "5,000"),
        ({"media_max_seconds": 10}, "at most 10"),
        ({"media_max_height": 150, "media_max_bytes": 20_000}, "20,000"),
    ],
    ids=["bytes", "seconds", "both parts"],
)
def test_limits_hold_whatever_the_item_said(youtube, tmp_path, limits, words):
    proxy, _ = youtube

    with pytest.raises(MediaRefusedError, match=words):
        download(video(), config(proxy, **limits), tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_only_creative_commons_where_the_operator_wants_it(youtube, tmp_path):
    """Checked on the item, then once more on what YouTube says at that moment."""
    proxy, media = youtube
    rules = config(proxy, media_licence="creative_commons")

    with pytest.raises(MediaRefusedError, match="licence"):
        download(video(licence="youtube"), rules, tmp_path)
    assert proxy.requests == []
    with pytest.raises(MediaRefusedError, match="not marked as Creative Commons"):
        download(video(OTHER, licence="creative_commons"), rules, tmp_path)
    assert media.asked == []

    assert download(video(licence="creative_commons"), rules, tmp_path)


def test_a_media_server_that_refuses_now_is_tried_later_and_a_lost_video_never(youtube, tmp_path):
    proxy, media = youtube
    media.status = 403
    with pytest.raises(MediaUnavailableError, match="403"):
        download(video(), config(proxy), tmp_path)

    for name, message in [*UNAVAILABLE.values()][2:]:
        with pytest.raises(MediaRefusedError, match=re.escape(message)):
            download(video(name), config(proxy), tmp_path / name)
    with pytest.raises(MediaRefusedError):
        download(video("short"), config(proxy), tmp_path / "short")


def test_a_crawl_downloads_by_itself_where_it_is_told_to(youtube, tmp_path):
    """By ``ytdlp+https``; whoever takes the item's job finds the file there."""
    proxy, media = youtube
    here = {
        "DOWNLOAD_MEDIA": "videos",
        "MEDIA_VIDEOS_BY": "crawl",
        "MEDIA_LICENCE": "creative_commons",
        "MEDIA_EXTRACTOR_ARGS": json.dumps(EXTRACTOR_ARGS),
    }

    result = scrapy_crawl(
        "youtube", tmp_path, settings=replay_settings(proxy.url) | here, video=VIDEO, max_depth=0
    )

    row = next(row for row in result.items if row["kind"] == "video")
    (file,) = row["media_files"]
    assert (file["role"], file["source"]) == ("video", row["url"])
    assert open_media(tmp_path / "media").read(file["key"]) == media.bodies["18"]
    assert [itag for itag, _ in media.asked] == ["18"]
    assert (result.stats["ytdlp/stored"], result.stats["vectorize/queued"]) == (1, 1)
    assert STEPS[DOWNLOAD].is_done(item_from_dict(row), "")


def test_nothing_leads_yt_dlp_to_this_machine(recordings, youtube, tmp_path):
    """A player answer whose media are on a private address: nobody is asked for them."""
    proxy, media = youtube
    inner = media.replay

    def forged(method, url, headers, body):
        status, kind, out = inner(method, url, headers, body)
        return status, kind, re.sub(rb"https://[\w.-]+\.googlevideo\.com", b"http://10.0.0.1", out)

    media.replay = forged
    with pytest.raises(MediaRefusedError, match=r"YouTube only, not http://10\.0\.0\.1"):
        download(video(), config(proxy), tmp_path)


def test_without_a_proxy_private_addresses_of_youtubes_own_names_are_refused(tmp_path):
    """The guard checks what a name leads to, here by a hosts file's word: localhost."""
    with MediaSite() as site, GuardedNetwork(()) as network:
        with httpx2.Client(proxy=network.url, trust_env=False, timeout=60) as client:
            answer = client.get(f"http://localhost:{site.server_port}/")

        assert (answer.status_code, network.refused, site.asked) == (403, 1, [])
