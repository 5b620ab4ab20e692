"""Every recorded search, channel and playlist, through ``scrapy crawl youtube``."""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlencode

import pytest
import yaml

from platforms.youtube.backend import Limits
from platforms.youtube.exchange import Reply
from platforms.youtube.extractor import Extractor
from platforms.youtube.target import Target
from platforms.youtube.ytdlp import YtdlpBackend
from tests.crawl import scrapy_crawl
from tests.mitm import MitmProxy
from tests.recorded.youtube_coverage import (
    CHANNELS,
    GATED,
    NO_CHANNEL,
    NO_PLAYLIST,
    PLAYLISTS,
    SEARCHES,
    TOPICS,
)
from tests.youtube_expected import listed_videos, pages
from tests.youtube_replay import (
    EXTRACTOR_ARGS,
    YoutubeReplay,
    load_recordings,
    replay_settings,
)

FEW = 3
"""Videos of each listing that the crawl follows; the whole lists are read without it."""
VIDEOS_ONLY = "EgIQAfABAQ=="
LISTINGS = [
    *(("search", name, query) for name, query in SEARCHES.items()),
    *(("channel", name, channel) for name, several in CHANNELS.items() for channel in several),
    *(("playlist", name, value) for name, several in PLAYLISTS.items() for value in several),
]


@pytest.fixture(scope="module")
def replay(fixtures):
    answers = YoutubeReplay(load_recordings(fixtures / "youtube" / "innertube"))
    table = answers.replay.answers
    # recorded without the filter for videos; the answer is the same page of results
    for query, name in (("suicide", "suicide"), ("UCO6AK", "UCO6AK"), ("test", "test (all)")):
        table["search", name, VIDEOS_ONLY] = table["search", query, "8AEB"]
    answers.invent_players = True
    return answers


@pytest.fixture(scope="module")
def recordings(fixtures):
    return load_recordings(fixtures / "youtube" / "innertube")


@pytest.fixture(scope="module")
def crawl(replay, tmp_path_factory):
    """One crawl of all listings: three videos of each."""
    home = tmp_path_factory.mktemp("youtube")
    seeds = [_seed(kind, value) for kind, _, value in LISTINGS]
    seeds += [_seed("channel", GATED["youtubechannelextractor.agerestrictedchannel"])]
    seeds += [_seed("channel", value) for value in (*NO_CHANNEL.values(), *TOPICS.values())]
    seeds += [_seed("playlist", value) for value in NO_PLAYLIST.values()]
    (home / "seeds.yaml").write_text(yaml.safe_dump(seeds))
    with MitmProxy(replay) as proxy:
        result = scrapy_crawl(
            "youtube",
            home,
            settings=replay_settings(proxy.url, player_client=["visionos"]),
            seeds=home / "seeds.yaml",
            results=FEW,
            max_depth=1,
        )
    assert proxy.errors == []
    return result


def _seed(kind, value):
    return {"platform": "youtube", "kind": kind, "value": value}


def _recorded(recordings, kind, name, value):
    """Ids of all videos recorded for one listing, in order."""
    endpoint = "search" if kind == "search" else "browse"
    found, inside = [], kind != "channel" or len(CHANNELS[name]) == 1
    for key, _, page in pages(recordings[name], endpoint):
        if key[1] != "continuation":
            inside = kind == "search" or value in key[1] or not _is_id(value)
        if inside:
            found += listed_videos(page)
    return list(dict.fromkeys(found))


def _is_id(value):
    return "/" not in value and "@" not in value


@pytest.mark.parametrize(
    ("kind", "name", "value"), LISTINGS, ids=[f"{k} {v}" for k, _, v in LISTINGS]
)
def test_a_listing_is_read_to_its_end_in_the_platforms_order(replay, recordings, kind, name, value):
    def send(asked):
        status, headers, body = replay(asked.method, asked.url, asked.headers, asked.body)
        return Reply(status, asked.url, list(headers.items()), body)

    (call,) = YtdlpBackend().calls([Target(kind, value)], Limits(results=500))
    info = Extractor(send, EXTRACTOR_ARGS).extract(call.url, **call.options)

    expected = _recorded(recordings, kind, name, value)
    assert expected
    assert info["videos"] == expected


def test_each_listing_leads_to_its_first_videos_one_level_deeper(crawl, recordings):
    wanted = {
        f"youtube:{kind}={value}": _recorded(recordings, kind, name, value)[:FEW]
        for kind, name, value in LISTINGS
    }
    everything = {video for several in wanted.values() for video in several}
    gated = listed_videos([page for _, _, page in pages(recordings[list(GATED)[1]], "browse")])[
        :FEW
    ]

    videos = [row for row in crawl.items if row["kind"] == "video"]

    assert crawl.returncode == 0, crawl.log
    assert {row["depth"] for row in videos} == {1}
    assert Counter(row["external_id"] for row in videos) == Counter(everything | set(gated))
    for row in videos:
        assert row["external_id"] in wanted.get(row["seed"], gated)


def test_a_channel_is_an_item_of_its_own(crawl, recordings):
    authors = {row["external_id"]: row for row in crawl.items if row["kind"] == "author"}

    expected = {}
    for name in (*CHANNELS, *TOPICS):
        for _, _, page in pages(recordings[name], "browse"):
            if about := page.get("metadata", {}).get("channelMetadataRenderer"):
                expected[about["externalId"]] = about
    assert authors.keys() == expected.keys()
    for channel, about in expected.items():
        row = authors[channel]
        assert (row["title"], row["text"], row["depth"]) == (
            about["title"],
            about["description"],
            0,
        )
        assert row["url"] == f"https://www.youtube.com/channel/{channel}"
    assert authors["UC6nSFpj9HTCZ5t-N3Rm3-HA"]["follower_count"] > 10_000_000


def test_what_is_no_channel_or_no_playlist_gives_one_line_each(crawl):
    warnings = [line for line in crawl.log.splitlines() if "] WARNING: " in line]

    lines = {value: sum(value[3:] in w for w in warnings) for value in _nowhere()}
    assert lines == dict.fromkeys(_nowhere(), 1)
    assert len(warnings) == len(lines)


def _nowhere():
    return {*NO_CHANNEL.values(), *NO_PLAYLIST.values()}


def test_listings_are_searched_in_the_order_asked_for():
    orders = {
        order: next(iter(YtdlpBackend().calls([Target("search", "a b")], Limits(order=order)))).url
        for order in ("relevance", "date", "views", "rating")
    }

    head = "https://www.youtube.com/results?"
    assert orders == {
        "relevance": head + urlencode({"search_query": "a b", "sp": VIDEOS_ONLY}),
        "date": head + urlencode({"search_query": "a b", "sp": "CAISAhAB8AEB"}),
        "views": head + urlencode({"search_query": "a b", "sp": "CAMSAhAB8AEB"}),
        "rating": head + urlencode({"search_query": "a b", "sp": "CAESAhAB8AEB"}),
    }
