"""Every recorded video, and all recorded comments, through ``scrapy crawl youtube``."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from datetime import datetime

import pytest
import yaml

from tests.crawl import scrapy_crawl
from tests.mitm import MitmProxy
from tests.recorded.youtube_coverage import COMMENTS, CRAWLED, UNAVAILABLE, UNUSED, VIDEOS
from tests.youtube_expected import caption_codes, comment_ids, player
from tests.youtube_replay import YoutubeReplay, load_recordings, replay_settings


@pytest.fixture(scope="module")
def recordings(fixtures):
    return load_recordings(fixtures / "youtube" / "innertube")


@pytest.fixture(scope="module")
def crawl(recordings, tmp_path_factory):
    """One crawl of all recorded videos, the comments included."""
    home = tmp_path_factory.mktemp("youtube")
    seeds = [_seed(video) for video in VIDEOS.values()]
    seeds += [_seed(video, comments=100) for video in COMMENTS.values()]
    seeds += [_seed(video) for video, _ in UNAVAILABLE.values()]
    (home / "seeds.yaml").write_text(yaml.safe_dump(seeds))
    with MitmProxy(YoutubeReplay(recordings)) as proxy:
        result = scrapy_crawl(
            "youtube", home, settings=replay_settings(proxy.url), seeds=home / "seeds.yaml"
        )
    assert proxy.errors == []
    return result


def _seed(video, **options):
    seed = {"platform": "youtube", "kind": "video", "value": video, "max_depth": 0}
    return seed | {"options": options}


def _video(crawl, video):
    (row,) = [r for r in crawl.items if r["identity"] == f"youtube:{video}"]
    return row


def test_every_recording_is_crawled_or_left_out_for_a_reason(recordings):
    assert CRAWLED & UNUSED.keys() == set()
    assert CRAWLED | UNUSED.keys() == recordings.keys()


def test_the_crawl_ends_well_and_gives_each_video_once(crawl):
    wanted = {f"youtube:{video}" for video in (*VIDEOS.values(), *COMMENTS.values())}

    assert crawl.returncode == 0, crawl.log
    assert crawl.report["reason"] == "finished"
    assert Counter(r["identity"] for r in crawl.items if r["kind"] == "video") == Counter(wanted)
    assert "Traceback" not in crawl.log


@pytest.mark.parametrize("name", VIDEOS)
def test_a_video_says_what_its_own_player_says(crawl, recordings, name):
    shown = _played(recordings[name])["videoDetails"]
    page = player(recordings[name], "WEB")["microformat"]
    facts = page["playerMicroformatRenderer"]

    row = _video(crawl, VIDEOS[name])

    assert row["title"] == shown["title"]
    assert row["text"] == shown["shortDescription"]
    # that page names no owner: yt-dlp has the channel's handle only
    assert row["author"] == ("@makani" if "novisual" in name else shown["author"])
    assert row["channel_id"] == shown["channelId"]
    assert row["duration_seconds"] == (int(shown["lengthSeconds"]) or None)
    assert row["tags"] == shown.get("keywords", [])
    assert row["view_count"] == int(shown["viewCount"])
    assert row["platform_categories"] == [facts["category"]]
    assert row["availability"] == ("unlisted" if facts["isUnlisted"] else "public")
    assert datetime.fromisoformat(row["published_at"]) == datetime.fromisoformat(
        facts["uploadDate"]
    )


@pytest.mark.parametrize("name", VIDEOS)
def test_captions_made_by_people_and_by_machine_are_told_apart(crawl, recordings, name):
    answer = _played(recordings[name])

    row = _video(crawl, VIDEOS[name])

    assert set(row["subtitles"]) == caption_codes(answer, spoken=False)
    assert set(row["automatic_captions"]) == caption_codes(answer, spoken=True)


@pytest.mark.parametrize("name", VIDEOS)
def test_licence_likes_and_live_status_are_those_of_the_watch_page(crawl, recordings, name):
    text = recordings[name][-1]["response"]["body"]
    likes = re.search(r"like this video along with ([\d,]+) other people", text)

    row = _video(crawl, VIDEOS[name])

    assert (row["licence"] == "creative_commons") == ("Creative Commons Attribution" in text)
    assert row["like_count"] == (int(likes[1].replace(",", "")) if likes else None)
    live = player(recordings[name], "ANDROID")["videoDetails"].get("isLive", False)
    assert row["live_status"] == ("is_live" if live else "not_live")


def test_chapters_are_kept_with_their_ends(crawl):
    chapters = _video(
        crawl, VIDEOS["stream.youtubestreamextractordefault.streamsegmentstagesschau"]
    )

    starts = [c["start_seconds"] for c in chapters["chapters"]]
    assert starts == [0, 18, 196, 224, 254, 402, 435, 464, 598, 725, 827, 852, 870]
    assert [c["end_seconds"] for c in chapters["chapters"]] == [*starts[1:], 953]
    assert chapters["chapters"][0]["title"] == "Guten Abend"


@pytest.mark.parametrize("name", COMMENTS)
def test_the_comments_of_a_video_are_exactly_those_recorded(crawl, recordings, name):
    root = f"youtube:{COMMENTS[name]}"

    rows = [r for r in crawl.items if r["kind"] == "comment" and r["root"] == root]

    assert {r["external_id"] for r in rows} == comment_ids(recordings[name])
    assert all(r["text"] or name.endswith("emptycomment") for r in rows)
    for row in rows:
        thread, _, reply = row["external_id"].partition(".")
        assert row["tree_depth"] == (1 if reply else 0)
        assert row["parent"] == (f"youtube:{thread}" if reply else root)


def test_replies_and_the_authors_own_comments_are_marked(crawl):
    rows = [r for r in crawl.items if r["kind"] == "comment" and r["root"].endswith("xaQJbozY_Is")]

    assert Counter(r["tree_depth"] for r in rows) == {0: 20, 1: 10}
    assert {r["author"] for r in rows if r["by_submitter"]} == {"@kurzgesagt"}
    assert max(r["score"] for r in rows) > 1000


def test_what_cannot_be_had_gives_one_line_and_no_item(crawl):
    warnings = [line for line in crawl.log.splitlines() if "] WARNING: " in line]

    for video, message in UNAVAILABLE.values():
        assert [message in line for line in warnings if video in line] == [True]
        assert f"youtube:{video}" not in crawl.identities("video")
    assert len(warnings) == len(UNAVAILABLE)
    stats = {k: v for k, v in crawl.stats.items() if k.startswith("youtube/")}
    assert stats == {
        "youtube/failed/videos": 2,
        "youtube/unavailable/paid": 1,
        "youtube/unavailable/region": 1,
    }


def test_what_was_crawled_is_stored_and_found_again(crawl):
    with crawl.store() as store:
        found = store.search("Choreography copyright")
        german = store.search("Vitamin D wissenschaftlich")
        kept = {row["identity"] for row in store.scan()}

    assert found[0]["identity"] == "youtube:M4gD1WSo5mA"
    assert "youtube:ud9d5cMDP_0" in [row["identity"] for row in german]
    assert kept == {row["identity"] for row in crawl.items}


def _played(exchanges):
    """The first answer that let the video play, as yt-dlp takes it."""
    for client in ("VISIONOS", "ANDROID"):
        with contextlib.suppress(KeyError):
            answer = player(exchanges, client)
            if answer["playabilityStatus"]["status"] == "OK":
                return answer
    raise AssertionError("no client could play it")
