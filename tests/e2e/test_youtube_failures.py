"""What goes wrong on YouTube costs one line, and nothing else."""

from __future__ import annotations

import json
import socket
import subprocess
import sys

import pytest
import yaml

from gleanery.errors import ConfigError
from spiders.youtube import YoutubeArguments
from tests.contracts.store_items import STRINGS
from tests.crawl import ROOT, scrapy_crawl
from tests.data_api_replay import KEY, DataApiReplay, refusal
from tests.mitm import MitmProxy
from tests.youtube_replay import YoutubeReplay, load_recordings, replay_settings

GOOD = "M4gD1WSo5mA"
REFUSED = "ayI2iBwGdxw"
"""Recorded as for members only; the cases below say it in other words."""
SAYINGS = {
    "private0001": ("LOGIN_REQUIRED", "Private video", "youtube/unavailable/private"),
    "agelimit001": (
        "LOGIN_REQUIRED",
        "Sign in to confirm your age",
        "youtube/unavailable/age_restricted",
    ),
    "removed0001": (
        "ERROR",
        "This video has been removed by the uploader",
        "youtube/unavailable/removed",
    ),
    "upcoming001": ("LIVE_STREAM_OFFLINE", "Premieres in 3 hours", "youtube/unavailable/upcoming"),
    "nowhere0001": ("ERROR", "Video unavailable", "youtube/unavailable/not_found"),
    "botcheck001": (
        "LOGIN_REQUIRED",
        "Sign in to confirm you’re not a bot",
        "youtube/failed/videos",
    ),
}
ODD = {f"odd{n:08}": text for n, text in enumerate([*STRINGS.values(), "half \ud800"])}
BROKEN = {
    "status40301": (403, b"{}"),
    "status40401": (404, b"{}"),
    "status42901": (429, b"{}"),
    "status50001": (500, b"{}"),
    "truncated01": (200, b'{"videoDetails": {"videoId": "trunc'),
    "nojson00001": (200, b"<html>sorry</html>"),
}


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ({"video": "short"}, "an id of 11 characters or the video's address"),
        ({"chanel": "@EEVblog"}, "Did you mean 'channel'?"),
        ({"channel": "EEVblog"}, "a handle (@name)"),
        ({"playlist": "RDM4gD1WSo5mA"}, "mixes (RD…) have no end"),
        ({"search": "x", "comments": "-1"}, "greater than or equal to 0"),
        ({"search": "x", "results": "0"}, "greater than or equal to 1"),
        ({"search": "x", "results": "many"}, "valid integer"),
        ({"search": "x", "order": "best"}, "'relevance', 'date', 'views' or 'rating'"),
    ],
)
def test_a_wrong_argument_says_what_to_write(given, advice):
    with pytest.raises(ConfigError) as raised:
        YoutubeArguments.parse("youtube", given)

    assert advice in str(raised.value)


def test_a_wrong_argument_ends_the_command_before_anything_is_fetched():
    command = [sys.executable, "-m", "scrapy", "crawl", "youtube", "-a", "video=short"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "no video in 'short'" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def _youtube_seeds(home, videos):
    seeds = [{"platform": "youtube", "kind": "video", "value": v, "max_depth": 0} for v in videos]
    home.mkdir(exist_ok=True)
    (home / "seeds.yaml").write_text(yaml.safe_dump(seeds))
    return home / "seeds.yaml"


def _warnings(result):
    return [line for line in result.log.splitlines() if "] WARNING: " in line]


@pytest.fixture
def replay(fixtures):
    answers = YoutubeReplay(load_recordings(fixtures / "youtube" / "innertube"))
    table = answers.replay.answers
    recorded = json.loads(table["player", "ANDROID", REFUSED][0]["body"])
    for video, (status, reason, _) in SAYINGS.items():
        body = recorded | {"playabilityStatus": {"status": status, "reason": reason}}
        body["videoDetails"] = body["videoDetails"] | {"videoId": video}
        for client in ("VISIONOS", "WEB", "ANDROID"):
            table["player", client, video] = [{"status": 200, "body": json.dumps(body)}]
    for client in ("VISIONOS", "WEB", "ANDROID"):
        for video, text in ODD.items():
            answer = json.loads(table["player", client, GOOD][0]["body"])
            player = answer.get("playerResponse", answer)
            words = dict.fromkeys(("title", "author", "shortDescription"), text)
            player["videoDetails"] |= words | {"videoId": video, "keywords": [text]}
            table["player", client, video] = [{"status": 200, "body": json.dumps(answer)}]
    answers.broken = dict(BROKEN)
    return answers


def test_each_video_that_fails_gives_one_line_and_the_others_are_kept(replay, tmp_path):
    """Those with statements, NUL, half a pair and other odd words in each field, too."""
    bad = [*SAYINGS, *BROKEN]
    with MitmProxy(replay) as proxy:
        result = scrapy_crawl(
            "youtube",
            tmp_path,
            settings=replay_settings(proxy.url),
            seeds=_youtube_seeds(tmp_path, [bad[0], GOOD, *bad[1:], *ODD]),
        )

    lines = {video: [line for line in _warnings(result) if video in line] for video in bad}
    assert [len(found) for found in lines.values()] == [1] * len(bad)
    assert len(_warnings(result)) == len(bad)
    assert "Traceback" not in result.log
    assert "] ERROR: " not in result.log
    for video, (_, reason, stat) in SAYINGS.items():
        assert reason in lines[video][0]
        assert result.stats[stat] >= 1
    for video, words in {"status40301": "403", "status42901": "429", "status50001": "500"}.items():
        assert words in lines[video][0]
    kept = {row["external_id"]: row for row in result.items}
    assert (kept.keys(), len(result.items)) == ({GOOD, *ODD}, len(kept))
    assert kept["odd00000003"]["title"] == STRINGS["sql"]
    assert result.report["reason"] == "finished"


def test_without_a_way_to_youtube_the_crawl_says_so_and_ends(tmp_path, fixtures, replay):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
    refused = scrapy_crawl("youtube", tmp_path / "a", settings=replay_settings(nobody), video=GOOD)
    with MitmProxy(replay) as proxy:
        settings = replay_settings(proxy.url) | {"YOUTUBE_VERIFY_TLS": True}
        untrusted = scrapy_crawl("youtube", tmp_path / "b", settings=settings, video=GOOD)

    for result in (refused, untrusted):
        assert result.items == []
        assert result.stats["youtube/failed/videos"] == 1
        (line,) = _warnings(result)
        assert f"No answer for videos {GOOD}" in line
        assert "Traceback" not in result.log
    assert "certificate" in untrusted.log


def test_depth_grows_from_a_video_to_its_channel_to_that_channels_videos(replay, tmp_path):
    replay.invent_players = True
    with MitmProxy(replay) as proxy:
        result = scrapy_crawl(
            "youtube",
            tmp_path,
            settings=replay_settings(proxy.url, player_client=["visionos"]),
            video="https://youtu.be/DJ8GQUNUXGM",
            results=5,
        )

    rows = [(row["depth"], row["kind"]) for row in result.items]
    assert rows == [(0, "video"), (1, "author"), *[(2, "video")] * 5]
    assert result.items[1]["title"] == "Creative Commons"
    assert {row["seed"] for row in result.items} == {"youtube:video=https://youtu.be/DJ8GQUNUXGM"}


def test_the_settings_as_shipped_read_the_pages_for_browsers_too(replay, tmp_path):
    replay.invent_players = True
    with MitmProxy(replay) as proxy:
        settings = {"YOUTUBE_PROXY": proxy.url, "YOUTUBE_VERIFY_TLS": False}
        result = scrapy_crawl(
            "youtube", tmp_path, settings=settings, video="DJ8GQUNUXGM", results=2, max_depth=1
        )

    video, author = result.items
    assert (video["kind"], video["licence"]) == ("video", "creative_commons")
    assert (video["availability"], video["platform_categories"]) == (
        "public",
        ["Nonprofits & Activism"],
    )
    assert author["title"] == "Creative Commons"
    asked = [(method, url.split("?")[0].split("youtube.com")[1]) for method, url in proxy.requests]
    assert asked == [
        ("GET", "/watch"),
        ("POST", "/youtubei/v1/player"),
        ("GET", "/channel/UCTwECeGqMZee77BjdoYtI2Q/videos"),
    ]


@pytest.mark.slow
def test_a_stopped_crawl_goes_on_where_it_stopped(replay, tmp_path):
    replay.invent_players = True
    jobdir = {"JOBDIR": tmp_path / "job", "CONCURRENT_REQUESTS": 1}
    with MitmProxy(replay) as proxy:
        settings = replay_settings(proxy.url, player_client=["visionos"]) | jobdir
        arguments = {"channel": "user/creativecommons", "results": 8, "max_depth": 1}
        first = scrapy_crawl(
            "youtube",
            tmp_path / "a",
            settings=settings | {"CLOSESPIDER_ITEMCOUNT": 4},
            **arguments,
        )
        second = scrapy_crawl("youtube", tmp_path / "b", settings=settings, **arguments)

    done = [row["identity"] for row in first.items + second.items]
    assert first.report["reason"] == "closespider_itemcount"
    assert 4 <= len(first.items) < 9
    assert len(done) == len(set(done)) == 9


def _api_crawl(server, home, *, key=KEY, **arguments):
    return scrapy_crawl(
        "youtube",
        home,
        settings={
            "YOUTUBE_API_URL": f"{server.url}/youtube/v3",
            **arguments.pop("settings", {}),
        },
        env={"GLEANERY_YOUTUBE_API_KEY": key},
        **arguments,
    )


def test_a_refused_key_ends_the_crawl_with_one_line(fixtures, tmp_path):
    with MitmProxy(DataApiReplay(fixtures / "youtube" / "data_api_v3")) as server:
        result = _api_crawl(server, tmp_path, key="wrong-key", video="D-lhorsDlUQ")

    errors = [line for line in result.log.splitlines() if "] ERROR: " in line]
    assert result.report["reason"] == "credentials_refused"
    assert result.items == []
    assert len(errors) == 1
    assert "API key not valid" in errors[0]
    assert "GLEANERY_YOUTUBE_API_KEY" in errors[0]
    assert "wrong-key" not in result.log
    assert "Traceback" not in result.log


@pytest.mark.slow
def test_a_spent_quota_stops_the_crawl_and_the_next_one_loses_nothing(fixtures, tmp_path):
    replay = DataApiReplay(fixtures / "youtube" / "data_api_v3")
    message = "The request cannot be completed because you have exceeded your quota."
    replay.errors = {"pageToken=": refusal(403, "quotaExceeded", message)[::2]}
    listed = {"playlist": "PLOU2XLYxmsIKpaV8h0AGE05so0fAwwfTw", "max_depth": 1}
    with MitmProxy(replay) as server:
        replay.cloned = {
            row["snippet"]["resourceId"]["videoId"]
            for name in ("paged_1", "paged_2")
            for row in replay._file(f"playlist_items/playlist_items_{name}.json")["items"]
        }
        job = {"JOBDIR": tmp_path / "job"}
        first = _api_crawl(server, tmp_path / "a", settings=job, **listed)
        replay.errors = {}
        second = _api_crawl(server, tmp_path / "b", settings=job, **listed)

    assert first.report["reason"] == "quota_spent"
    assert "midnight Pacific" in first.log
    kept = [row["external_id"] for row in first.items + second.items if row["kind"] == "video"]
    assert sorted(kept) == sorted(replay.cloned)
    assert second.report["reason"] == "finished"


def test_each_call_of_the_api_that_fails_gives_one_line(fixtures, tmp_path):
    replay = DataApiReplay(fixtures / "youtube" / "data_api_v3")
    replay.errors = {
        "q=toofast": refusal(403, "rateLimitExceeded", "Slow down")[::2],
        "q=status429": (429, b""),
        "q=status503": (503, b"<html>"),
        "q=truncated": (200, b'{"items": [{"id": {"videoId"'),
        "q=badrequest": refusal(400, "invalidFilters", "Bad filter")[::2],
        "playlistId=PLgone0000000": refusal(404, "playlistNotFound", "No playlist")[::2],
        "playlistId=PLhidden00000": refusal(403, "playlistItemsNotAccessible", "No access")[::2],
        "forHandle=%40nobody": (200, b'{"items": []}'),
        "videoId=D-lhorsDlUQ": refusal(403, "commentsDisabled", "Comments are disabled")[::2],
    }
    seeds = [
        *(("search", word.removeprefix("q=")) for word in replay.errors if word.startswith("q=")),
        ("playlist", "PLgone0000000"),
        ("playlist", "PLhidden00000"),
        ("channel", "@nobody"),
        ("video", "D-lhorsDlUQ"),
    ]
    rows = [{"platform": "youtube", "kind": kind, "value": value} for kind, value in seeds]
    (tmp_path / "seeds.yaml").write_text(yaml.safe_dump(rows))
    with MitmProxy(replay) as server:
        result = _api_crawl(
            server, tmp_path, seeds=tmp_path / "seeds.yaml", comments=5, max_depth=0
        )

    lines = {value: [w for w in _warnings(result) if value in w] for _, value in seeds}
    assert {value: len(found) for value, found in lines.items()} == {v: 1 for _, v in seeds}
    assert len(_warnings(result)) == len(seeds)
    assert "Traceback" not in result.log
    assert "] ERROR: " not in result.log
    assert {k: v for k, v in result.stats.items() if k.startswith("youtube/")} == {
        "youtube/failed/search": 5,
        "youtube/unavailable/not_found": 2,
        "youtube/unavailable/private": 1,
        "youtube/unavailable/comments_disabled": 1,
    }
    assert [row["identity"] for row in result.items] == ["youtube:D-lhorsDlUQ"]
    assert result.report["reason"] == "finished"
