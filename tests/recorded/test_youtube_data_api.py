"""Recorded answers of the YouTube Data API v3, through ``scrapy crawl youtube``."""

from __future__ import annotations

import json
from collections import Counter

import pytest
import yaml

from gleanery.errors import ExtractionError
from items.clock import from_iso
from platforms.youtube.backend import Call, Limits
from platforms.youtube.data_api import DataApiBackend
from platforms.youtube.resource import CATEGORIES
from platforms.youtube.target import Target
from tests.crawl import scrapy_crawl
from tests.data_api_replay import KEY, DataApiReplay
from tests.mitm import MitmProxy

SEARCHES = (
    "search_by_developer",
    "search_by_event",
    "search_by_keywords_p1",
    "search_by_location",
    "search_by_mine",
    "search_by_related_video",
    "search_channels",
    "search_videos_by_channel",
)
PLAYLISTS = {
    "PLOU2XLYxmsIKpaV8h0AGE05so0fAwwfTw": ["playlist_items_paged_1", "playlist_items_paged_2"],
    "PLOU2XLYxmsIJXsH2htG1g0NUjHGq62Q7i": ["playlist_items_multi"],
}
COMMENTED = ("F1UP7wRCPH8", "D-lhorsDlUQ", "JE8xdDp5B8Q")
"""Videos whose comments were recorded."""
REPLIED = "Ugw5zYU6n9pmIgAZWvN4AaABAg"
"""Its reply was written after its thread was recorded."""

USED = {
    "channel_info_multi",
    "channel_info_single",
    "channels/info",
    "comment_threads/comment_thread_single",
    "comment_threads/comment_threads_all_to_me",
    "comment_threads/comment_threads_by_video_paged_1",
    "comment_threads/comment_threads_multi",
    "comments/comments_by_parent_paged_2",
    *(f"playlist_items/{name}" for names in PLAYLISTS.values() for name in names),
    *(f"search/{name}" for name in SEARCHES),
    "videos/videos_chart_paged_2",
    "videos/videos_info_multi",
    "videos/videos_info_single",
    "videos/videos_myrating_paged_2",
    "categories/video_category_by_region",
}
_OF_CHANNEL = "comments on a channel's own page, which YouTube has closed; we ask for videos'"
_WRITES = "the answer to a write; we only read"
UNUSED = {
    "comment_threads/comment_threads_by_channel": _OF_CHANNEL,
    "comment_threads/comment_threads_with_search": _OF_CHANNEL,
    "comments/comments_multi": _OF_CHANNEL,
    "comment_threads/insert_response": _WRITES,
    "playlist_items/insert_response": _WRITES,
    "videos/insert_response": _WRITES,
    "playlist_items/playlist_items_filter_video": "a row of playlist_items_multi, asked by video",
    "videos/get_rating_response": "the caller's own ratings",
    "user_profile": "the caller's own account",
}
OTHER_METHODS = (
    *("abuse_reasons", "activities", "captions", "channel_banners", "channel_sections", "i18ns"),
    *("members", "playlists", "subscriptions"),
)
"""Folders of methods that the crawl never calls (``playlists``: it reads their items instead)."""


@pytest.fixture(scope="module")
def folder(fixtures):
    return fixtures / "youtube" / "data_api_v3"


@pytest.fixture(scope="module")
def crawled(folder, tmp_path_factory):
    """One crawl of everything recorded, and what it asked for."""
    home = tmp_path_factory.mktemp("data_api")
    replay = DataApiReplay(folder)
    replay.cloned = set(COMMENTED)
    replay.threads[REPLIED]["snippet"]["totalReplyCount"] = 1
    seeds = [_seed("search", name) for name in SEARCHES]
    seeds += [_seed("playlist", name) for name in PLAYLISTS]
    seeds += [_seed("channel", "@googledevelopers"), _seed("channel", "UCK8sQmJBp8GCxrOtXWBpyEA")]
    seeds += [_seed("video", video) for video in (*replay.videos, *COMMENTED)]
    (home / "seeds.yaml").write_text(yaml.safe_dump(seeds))
    with MitmProxy(replay) as server:
        result = scrapy_crawl(
            "youtube",
            home,
            settings={"YOUTUBE_API_URL": f"{server.url}/youtube/v3"},
            env={"GLEANERY_YOUTUBE_API_KEY": KEY},
            seeds=home / "seeds.yaml",
            comments=50,
            max_depth=1,
        )
    assert server.errors == []
    return result, replay


def _seed(kind, value):
    return {"platform": "youtube", "kind": kind, "value": value}


def _page(folder, name):
    return json.loads((folder / f"{name}.json").read_text("utf-8"))


def _searched(folder):
    """Ids that each recorded search gave."""
    rows = {name: _page(folder, f"search/{name}")["items"] for name in SEARCHES}
    return {
        name: [r["id"]["videoId"] for r in found if "videoId" in r["id"]]
        for name, found in rows.items()
    }


def _listed(folder):
    """Ids that each recorded playlist gave."""
    return {
        playlist: [
            row["snippet"]["resourceId"]["videoId"]
            for name in names
            for row in _page(folder, f"playlist_items/{name}")["items"]
        ]
        for playlist, names in PLAYLISTS.items()
    }


def test_every_recording_is_used_or_left_out_for_a_reason(folder):
    names = {path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.json")}
    mine = {name for name in names if not name.startswith(OTHER_METHODS)}

    assert USED & UNUSED.keys() == set()
    assert USED | UNUSED.keys() == {n for n in mine if not n.startswith("categories/")} | {
        "categories/video_category_by_region"
    }


def test_each_recorded_video_is_the_item_that_its_row_says(folder, crawled):
    result, replay = crawled
    rows = {r["external_id"]: r for r in result.items if r["kind"] == "video"}

    for video, resource in DataApiReplay(folder).videos.items():
        snippet, row = resource["snippet"], rows[video]
        assert (row["title"], row["text"]) == (snippet["title"], snippet["description"])
        assert (row["author"], row["channel_id"]) == (
            snippet["channelTitle"],
            snippet["channelId"],
        )
        assert from_iso(row["published_at"]) == from_iso(snippet["publishedAt"])
        assert row["tags"] == snippet.get("tags", [])
        assert row["platform_categories"] == [CATEGORIES[snippet["categoryId"]]]
        assert row["live_status"] == "not_live"
        assert row["media"] == [snippet["thumbnails"][_best(snippet)]["url"]]
        assert row["depth"] == 0
    assert rows.keys() == replay.videos.keys() | set(COMMENTED)


def test_every_listed_video_is_asked_for_in_batches_of_fifty(folder, crawled):
    result, replay = crawled
    listings = [*_searched(folder).values(), *_listed(folder).values()]
    wanted = {video for listing in listings for video in listing}

    batches = [query["id"].split(",") for name, query in replay.asked if name == "videos"]

    assert {video for batch in batches for video in batch} >= wanted
    assert max(map(len, batches)) > 20
    lost = wanted - replay.videos.keys() - set(COMMENTED)
    missing = {
        line.split(": ")[2].split(" ")[0] for line in _warnings(result) if "Not available" in line
    }
    assert missing & wanted == lost  # the others stood in descriptions
    assert result.stats["youtube/unavailable/not_found"] == len(missing)


def test_channels_are_authors(folder, crawled):
    result, _ = crawled
    authors = {
        r["external_id"]: r for r in result.items if r["kind"] == "author" and not r["depth"]
    }

    snippets = {row["id"]: row for row in _page(folder, "channel_info_multi")["items"]}
    single = _page(folder, "channel_info_single")["items"][0]
    assert authors.keys() == snippets.keys()
    google = authors[single["id"]]
    assert google["title"] == single["snippet"]["title"]
    assert google["follower_count"] == int(single["statistics"]["subscriberCount"])
    assert google["item_count"] == int(single["statistics"]["videoCount"])
    other = authors["UCK8sQmJBp8GCxrOtXWBpyEA"]
    assert other["text"] == snippets["UCK8sQmJBp8GCxrOtXWBpyEA"]["snippet"]["description"]


def test_comments_and_replies_are_those_recorded(crawled):
    result, replay = crawled
    rows = {r["external_id"]: r for r in result.items if r["kind"] == "comment"}

    threads = [t for t in replay.threads.values() if t["snippet"].get("videoId") in COMMENTED]
    tops = [t["snippet"]["topLevelComment"] | {"video": t["snippet"]["videoId"]} for t in threads]
    assert rows.keys() == {c["id"] for c in tops} | replay.replies.keys()
    for top in tops:
        snippet, row = top["snippet"], rows[top["id"]]
        assert (row["text"], row["author"]) == (
            snippet["textOriginal"],
            snippet["authorDisplayName"],
        )
        assert row["score"] == snippet["likeCount"]
        assert row["root"] == row["parent"] == f"youtube:{top['video']}"
        assert (row["depth"], row["tree_depth"]) == (0, 0)
    (reply,) = replay.replies
    assert (rows[reply]["parent"], rows[reply]["tree_depth"]) == (f"youtube:{REPLIED}", 1)
    assert rows[reply]["root"] == "youtube:JE8xdDp5B8Q"


def test_items_are_stored_once_found_again_and_the_key_is_nowhere(crawled):
    result, _ = crawled

    with result.store() as store:
        found = {row["identity"] for row in store.search("Actions on Google")}
        kept = Counter(row["identity"] for row in store.scan())
    assert "youtube:D-lhorsDlUQ" in found
    assert kept == Counter(row["identity"] for row in result.items)
    assert KEY not in result.log
    assert all(KEY.encode() not in p.read_bytes() for p in result.home.rglob("*") if p.is_file())


def test_the_known_categories_are_those_recorded(folder):
    rows = _page(folder, "categories/video_category_by_region")["items"]

    recorded = {row["id"]: row["snippet"]["title"] for row in rows}
    assert {key: CATEGORIES[key] for key in recorded.keys() & CATEGORIES.keys()} == {
        key: recorded[key] for key in recorded.keys() & CATEGORIES.keys()
    }
    assert {key for key, row in recorded.items()} >= {"1", "2", "10", "20", "27", "28"}


def test_a_page_in_another_shape_is_an_error_and_no_item(folder):
    backend = DataApiBackend("https://api.example/youtube/v3")
    (call,) = backend.calls([Target("video", "D-lhorsDlUQ")], Limits())

    for body in (b'{"items": [{"id": "x"}]}', b"[]", b'{"items": 3}', b'{"items": [', b"\xff"):
        with pytest.raises(ExtractionError, match="not what the API promises"):
            backend.read(Call(**call.to_dict()), 200, body)


def _best(snippet):
    return next(n for n in ("maxres", "standard", "high") if n in snippet["thumbnails"])


def _warnings(result):
    return [line for line in result.log.splitlines() if "] WARNING: " in line]
