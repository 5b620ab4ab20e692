"""Calls of the Data API and what is read of their answers."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.youtube.backend import Limits
from platforms.youtube.data_api import DataApiBackend
from platforms.youtube.resource import seconds_of, video_item
from platforms.youtube.target import Target

BASE = "https://api.example/youtube/v3"
BACKEND = DataApiBackend(BASE + "/")


def query_of(call):
    return {name: values[0] for name, values in parse_qs(urlsplit(call.url).query).items()}


def thread(number, replies=0, shown=0):
    def comment(name, **more):
        return {"id": name, "snippet": {"textOriginal": name, "publishedAt": None} | more}

    name = f"c{number}"
    inline = [comment(f"{name}.{i}", parentId=name) for i in range(shown)]
    return {
        "id": name,
        "snippet": {"topLevelComment": comment(name), "totalReplyCount": replies},
        "replies": {"comments": inline},
    }


def test_videos_are_asked_for_fifty_at_a_time_and_each_once():
    targets = [Target("video", f"video{n:06}") for n in range(120)]

    calls = list(BACKEND.calls([*targets, *targets], Limits(comments=3)))

    assert [len(query_of(call)["id"].split(",")) for call in calls] == [50, 50, 20]
    assert {urlsplit(call.url).path for call in calls} == {"/youtube/v3/videos"}


def test_what_is_asked_first_for_each_target():
    limits = Limits(results=70, order="views")
    targets = [
        Target("search", "기후 변화"),
        Target("playlist", "PL8dPuuaLjXtOAKed_MxxWBNaPno5h3Zs8"),
        Target("channel", "UCTwECeGqMZee77BjdoYtI2Q"),
        Target("channel", "@EEVblog"),
        Target("channel", "user/Vsauce"),
        Target("channel", "c/Vsauce"),
    ]

    search, playlist, *channels = [query_of(call) for call in BACKEND.calls(targets, limits)]

    assert search == {
        "q": "기후 변화",
        "type": "video",
        "order": "viewCount",
        "part": "snippet",
        "maxResults": "50",
    }
    assert playlist == {"playlistId": targets[1].value, "part": "snippet", "maxResults": "50"}
    for channel in channels:
        assert channel.pop("part") == "snippet,contentDetails,statistics"
    assert channels == [
        {"id": "UCTwECeGqMZee77BjdoYtI2Q"},
        {"forHandle": "@EEVblog"},
        {"forUsername": "Vsauce"},
        {"forHandle": "@Vsauce"},
    ]


def test_a_search_is_paged_until_enough_was_found():
    (call,) = BACKEND.calls([Target("search", "x")], Limits(results=3))
    page = {"items": [{"id": {"videoId": f"v{n}"}} for n in range(2)], "nextPageToken": "T"}

    first = BACKEND.read(call, 200, json.dumps(page).encode())
    (more,) = first.onward
    second = BACKEND.read(more.call, 200, json.dumps(page).encode())

    assert [found.target.value for found in first.found] == ["v0", "v1"]
    assert query_of(more.call) == query_of(call) | {"pageToken": "T"}
    assert [found.target.value for found in second.found] == ["v0"]
    assert second.onward == []


def test_comments_are_counted_with_their_replies():
    """A thread that shows one reply of three: all three are asked for; then seven are reached."""
    targets = [Target("video", "v")]
    (videos,) = BACKEND.calls(targets, Limits(comments=7))
    row = {"id": "v", "snippet": {"title": "t", "channelId": "UC1"}}
    (comments,) = BACKEND.read(videos, 200, json.dumps({"items": [row]}).encode()).onward
    page = {"items": [thread(1, 2, 2), thread(2, 3, 1), thread(3)], "nextPageToken": "T"}

    answer = BACKEND.read(comments.call, 200, json.dumps(page).encode())

    assert [item.external_id for item in answer.items] == ["c1", "c1.0", "c1.1", "c2"]
    (replies,) = answer.onward
    assert (replies.call.kind, query_of(replies.call)["parentId"]) == ("replies", "c2")
    assert query_of(replies.call)["maxResults"] == "3"


def test_a_video_without_comments_is_not_asked_for_any():
    (call,) = BACKEND.calls([Target("video", "v")], Limits(comments=7))
    row = {"id": "v", "snippet": {"title": "t"}, "statistics": {"commentCount": "0"}}

    assert BACKEND.read(call, 200, json.dumps({"items": [row]}).encode()).onward == []


@given(st.integers(0, 9), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_durations_are_read_whatever_parts_they_have(days, hours, minutes, seconds):
    parts = [(hours, "H"), (minutes, "M"), (seconds, "S")]
    text = "".join(f"{number}{unit}" for number, unit in parts if number)
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds

    written = "P" + (f"{days}D" if days else "") + (f"T{text}" if text else "")

    assert seconds_of(written) == (total or None)


@pytest.mark.parametrize("text", [None, "", "soon", "P1Y"])
def test_what_is_no_duration_is_none(text):
    assert seconds_of(text) is None


def test_a_video_with_all_its_parts_fills_every_field():
    row = {
        "id": "v",
        "snippet": {
            "title": "제목",
            "description": "보기 https://youtu.be/M4gD1WSo5mA.",
            "channelId": "UC1",
            "channelTitle": "채널",
            "publishedAt": "2026-01-02T03:04:05Z",
            "defaultAudioLanguage": "ko-KR",
            "categoryId": "27",
            "tags": ["a", "b", "a"],
            "liveBroadcastContent": "none",
            "thumbnails": {"default": {"url": "s", "width": 1}, "high": {"url": "l", "width": 2}},
        },
        "contentDetails": {
            "duration": "PT1H2M3S",
            "contentRating": {"ytRating": "ytAgeRestricted"},
        },
        "statistics": {"viewCount": "10", "likeCount": "3", "commentCount": "2"},
        "status": {"license": "creativeCommon", "privacyStatus": "unlisted"},
        "liveStreamingDetails": {"actualEndTime": "2026-01-02T05:00:00Z"},
    }

    video = video_item(row).to_dict()

    expected = {
        "duration_seconds": 3723,
        "view_count": 10,
        "like_count": 3,
        "comment_count": 2,
        "licence": "creative_commons",
        "availability": "unlisted",
        "age_limit": 18,
        "live_status": "was_live",
        "language": "ko",
        "platform_categories": ["Education"],
        "tags": ["a", "b"],
        "links": ["https://youtu.be/M4gD1WSo5mA"],
        "media": ["l"],
        "published_at": "2026-01-02T03:04:05+00:00",
    }
    assert {name: video[name] for name in expected} == expected
