"""A recorded YouTube video, crawled and downloaded through the replay proxy, to vectors stored."""

from __future__ import annotations

import json

import numpy as np
import pytest

from media.store import open_media
from tests.crawl import scrapy_crawl
from tests.mitm import MitmProxy
from tests.work_processes import counts, stored, work
from tests.youtube_media import VIDEO, MediaReplay, drawn_streams
from tests.youtube_replay import (
    EXTRACTOR_ARGS,
    YoutubeReplay,
    load_recordings,
    replay_settings,
)

pytestmark = pytest.mark.models


@pytest.mark.usefixtures("started_before")
def test_a_recorded_video_ends_up_as_a_file_with_vectors(tmp_path, fixtures, eyes):
    recordings = load_recordings(fixtures / "youtube" / "innertube")
    media = MediaReplay(YoutubeReplay(recordings), drawn_streams(tmp_path))
    with MitmProxy(media) as proxy:
        crawled = scrapy_crawl(
            "youtube",
            tmp_path,
            settings=replay_settings(proxy.url)
            | {"DOWNLOAD_MEDIA": "videos", "VIDEO_ENGINE": eyes},
            video=VIDEO,
            max_depth=0,
        )
        done = work(
            tmp_path, "--once", "--json",
            GLEANERY_VIDEO_ENGINE=eyes,
            GLEANERY_YOUTUBE_PROXY=proxy.url,
            GLEANERY_YOUTUBE_VERIFY_TLS="false",
            GLEANERY_MEDIA_EXTRACTOR_ARGS=json.dumps(EXTRACTOR_ARGS),
            GLEANERY_MEDIA_LICENCE="creative_commons",
        )  # fmt: skip
    row = stored(tmp_path)[f"youtube:{VIDEO}"]

    assert crawled.returncode == 0, crawled.log
    assert proxy.errors == []
    assert done.json["queue"]["done"] == 1, done.stderr
    video, sound, vectors = row["media_files"]
    assert [m["role"] for m in row["media_files"]] == ["video", "audio", "vectors"]
    assert video["source"] == f"https://www.youtube.com/watch?v={VIDEO}"
    assert sound["source"] == vectors["source"] == video["key"]
    store = open_media(tmp_path / "media")
    assert store.read(video["key"]) == media.bodies["18"]
    (said,) = (a for a in row["annotations"] if a["tool"] == "vectorize_video")
    assert said["value"]["clips"] >= 1
    from safetensors.numpy import load

    tensors = load(store.read(vectors["key"]))
    assert np.linalg.norm(tensors["video"]) == pytest.approx(1, abs=1e-3)
    assert counts(tmp_path).parked == 0
