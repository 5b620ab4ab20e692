"""The sample world: its documents, and the shapes its sites answer in."""

from __future__ import annotations

import json
import struct
import urllib.error
import urllib.request
from urllib.robotparser import RobotFileParser

import feedparser
import praw  # noqa: TID253
import pytest

from gleanery.demo import DemoServer, load_world
from gleanery.demo.clip import FRAMES, HEIGHT, WIDTH, make_clip
from gleanery.demo.world import ENOUGH_CATEGORIES, ENOUGH_DOCUMENTS
from items import load_taxonomy


@pytest.fixture(scope="module")
def site():
    with DemoServer() as server:
        yield server


def fetch(url):
    with urllib.request.urlopen(url, timeout=60) as response:
        return response.read().decode()


def fetch_json(site, method, **query):
    given = "&".join(f"{k}={v}" for k, v in query.items())
    return json.loads(fetch(f"{site.url}/youtube/v3/{method}?key=demo&{given}"))


def all_pages(site, method, **query):
    rows, token = [], None
    while True:
        page = fetch_json(site, method, **query, **({"pageToken": token} if token else {}))
        rows += page["items"]
        token = page.get("nextPageToken")
        if not token:
            return rows


def test_the_world_has_documents_of_every_category_in_both_languages():
    world = load_world()

    assert set(world.categories) == set(load_taxonomy().keys)
    assert world.categories.total() >= ENOUGH_DOCUMENTS
    assert len(world.categories) >= ENOUGH_CATEGORIES
    assert {row["lang"] for row in world.articles} == {"ko", "en"}
    assert all(len(row["text"]) > 100 for row in (*world.articles, *world.posts))


def test_every_page_outside_the_feed_is_linked_from_one_inside():
    articles = {row["id"]: row for row in load_world().articles}
    linked = {name for row in articles.values() for name in row.get("links", [])}

    assert linked <= articles.keys()
    assert {name for name, row in articles.items() if not row.get("feed", True)} <= linked


def test_praw_reads_the_forum_with_its_paging_and_whole_comment_trees(site):
    reddit = praw.Reddit(
        client_id="demo",
        client_secret="demo",
        user_agent="test",
        reddit_url=site.url,
        oauth_url=site.url,
        check_for_updates=False,
        check_for_async=False,
    )
    posts = list(reddit.subreddit("gleanery").new(limit=None))
    trees = {}
    for post in posts:
        post.comments.replace_more(limit=None)
        trees[post.id] = [c.id for c in post.comments.list()]

    def size(comments):
        return sum(1 + size(c.get("replies", [])) for c in comments)

    expected = {row["id"]: size(row["comments"]) for row in site.world.posts}
    assert {name: len(set(ids)) for name, ids in trees.items()} == expected
    assert [p.id for p in posts] == [
        r["id"] for r in sorted(site.world.posts, key=lambda r: r["hours_ago"])
    ]
    assert any("/api/morechildren" in path for path in site.asked)
    assert any("/_/gl01c" in path for path in site.asked), "continue this thread"
    assert sum("/r/gleanery/new" in path for path in site.asked) >= 3


def test_the_forum_asks_for_credentials(site):
    with pytest.raises(urllib.error.HTTPError, match="401"):
        fetch(f"{site.url}/r/gleanery/new")


def test_the_news_feed_parses_and_its_opaque_links_lead_to_the_pages(site):
    feed = feedparser.parse(fetch(f"{site.url}/rss?hl=ko&gl=KR&ceid=KR:ko"))
    plain = feedparser.parse(fetch(f"{site.url}/feed.xml"))

    assert not feed.bozo
    assert 0 < len(feed.entries) < len(plain.entries)
    page = fetch(feed.entries[0].link)
    assert feed.entries[0].title.removesuffix(" - Sample Herald 샘플신문") in page
    assert plain.entries[0].link.startswith(f"{site.url}/articles/")


def test_robots_txt_disallows_one_path_and_a_page_links_to_it(site):
    robots = RobotFileParser()
    robots.parse(fetch(f"{site.url}/robots.txt").splitlines())

    assert robots.can_fetch("Gleanery", f"{site.url}/articles/council-budget")
    assert not robots.can_fetch("Gleanery", f"{site.url}/private/next-edition")
    assert "/private/next-edition" in fetch(f"{site.url}/articles/council-budget")


def test_the_video_site_answers_like_the_data_api(site):
    channel = fetch_json(site, "channels", id="UCdemoWorkbenchLab000002")["items"][0]
    uploads = channel["contentDetails"]["relatedPlaylists"]["uploads"]
    listed = all_pages(site, "playlistItems", playlistId=uploads)
    ids = [row["snippet"]["resourceId"]["videoId"] for row in listed]
    videos = fetch_json(site, "videos", id=",".join(ids))["items"]
    threads = all_pages(site, "commentThreads", videoId="glDemoVid05")

    assert len(ids) == int(channel["statistics"]["videoCount"]) == 5
    assert [row["id"] for row in videos] == ids
    assert {len(i) for i in ids} == {11}
    assert len(threads) == 2
    assert len(all_pages(site, "search", q="")) == len(site.world.videos)
    assert [r["id"]["videoId"] for r in all_pages(site, "search", q="python")] == ["glDemoVid05"]
    with pytest.raises(urllib.error.HTTPError, match="400"):
        fetch(f"{site.url}/youtube/v3/search?q=x")


def test_a_watch_page_has_a_clip_and_a_thumbnail(site):
    page = fetch(f"{site.url}/watch?v=glDemoVid01")

    assert 'src="/clips/glDemoVid01.avi"' in page
    assert fetch(f"{site.url}/thumbs/glDemoVid01.svg").startswith("<svg")


def test_a_clip_is_an_avi_whose_sizes_add_up(tmp_path):
    clip = make_clip(["#102030", "#ffffff"])
    riff, size, form = struct.unpack("<4sI4s", clip[:12])

    assert (riff, size, form) == (b"RIFF", len(clip) - 8, b"AVI ")
    assert clip.count(b"00dc") == 2 * FRAMES  # in the stream and in its index
    assert len(clip) > FRAMES * WIDTH * HEIGHT * 3 // 2


def test_opencv_plays_a_clip(tmp_path):
    cv2 = pytest.importorskip("cv2", reason="opencv-python-headless is not installed")
    (tmp_path / "clip.avi").write_bytes(make_clip(["#102030", "#ffffff"]))
    video = cv2.VideoCapture(str(tmp_path / "clip.avi"))
    frames = []
    while (read := video.read())[0]:
        frames.append(read[1])

    assert len(frames) == FRAMES
    assert frames[0].shape == (HEIGHT, WIDTH, 3)
    blue, green, red = (int(value) for value in frames[0][2, 2])
    assert (red, green, blue) == pytest.approx((0x10, 0x20, 0x30), abs=6)
