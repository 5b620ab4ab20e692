"""Which videos of an item can be downloaded, and what speaks against it."""

from __future__ import annotations

import pytest

from items import Article, Post, Video
from platforms.media import refusal, video_sources
from platforms.media.plan import MAX_VIDEOS, Source


def article(*media: str) -> Article:
    return Article(platform="web", external_id="u", url="https://e.com/", media=[*media])


def video(url: str = "https://www.youtube.com/watch?v=M4gD1WSo5mA", **more) -> Video:
    return Video(platform="youtube", external_id="v", url=url, **more)


@pytest.mark.parametrize(
    ("address", "how"),
    [
        ("https://e.com/a.mp4", "file"), ("https://e.com/A.WEBM?x=1", "file"),
        ("http://e.com/clips/x.avi", "file"),
        ("https://v.redd.it/abc/DASH_720.mp4?source=fallback", "reddit"),
        ("https://v.redd.it.evil.example/abc/x.png", None), ("https://e.com/a.m3u8", None),
        ("https://e.com/a.mp4.html", None), ("https://youtube.com/embed/x", None),
        ("file:///etc/a.mp4", None), ("ftp://e.com/a.mp4", None), ("http://[/a.mp4", None),
    ],
)  # fmt: skip
def test_addresses_are_videos_by_their_ending_or_host(address, how):
    assert video_sources(article(address)) == ([Source(how, address)] if how else [])


def test_a_youtube_video_is_its_page_and_nothing_else_is():
    assert video_sources(video()) == [Source("youtube", video().url)]
    assert video_sources(video("https://youtube.com.evil.example/watch?v=x")) == []


def test_a_page_of_a_hundred_videos_gives_a_few_each_once():
    addresses = [f"https://e.com/{n % 50}.mp4" for n in range(100)]

    assert [s.url for s in video_sources(article(*addresses))] == addresses[:MAX_VIDEOS]


def test_what_was_removed_is_not_fetched():
    post = Post(
        platform="reddit", external_id="t3_a", url="u", media=["https://v.redd.it/a/b"],
        removed="deleted",
    )  # fmt: skip

    assert video_sources(post) == []


@pytest.mark.parametrize(
    ("item", "licence", "reason"),
    [
        (video(duration_seconds=100), "any", None),
        (video(duration_seconds=101), "any", "duration"),
        (video(live_status="is_live"), "any", "live"),
        (video(live_status="was_live"), "any", None),
        (video(licence="creative_commons"), "creative_commons", None),
        (video(licence="youtube"), "creative_commons", "licence"),
        (video(), "creative_commons", "licence"),
        (article(), "any", None),
        (article(), "creative_commons", "licence"),
    ],
)
def test_the_items_own_words_speak_against_it(item, licence, reason):
    assert refusal(item, licence=licence, max_seconds=100) == reason
