"""Reddit's fields as items, and a tree out of its parts."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from items import Comment, Post
from platforms.reddit.body import read_body
from platforms.reddit.items import to_comment, to_post
from platforms.reddit.tree import Gap, read_branch, top_parent
from tests.reddit_site import comment, listing, post
from tests.unit.test_reddit_api import api

AT = datetime(2026, 11, 1, tzinfo=UTC)


def test_a_post_keeps_score_times_flair_link_and_picture():
    fields = post(
        "a",
        is_self=False,
        url="https://news.example/story",
        created_utc=AT.timestamp(),
        edited=AT.timestamp(),
        score=12,
        upvote_ratio=0.9,
        num_comments=3,
        link_flair_text="World",
        preview={"images": [{"source": {"url": "https://preview.redd.it/p.jpg"}}]},
        crosspost_parent="t3_b",
        over_18=True,
    )["data"]

    found = to_post(fields)

    assert found == Post(
        platform="reddit",
        external_id="t3_a",
        url="https://www.reddit.com/r/x/comments/a/_/",
        title="Post a",
        author="a",
        published_at=AT,
        edited_at=AT,
        fetched_at=found.fetched_at,
        links=["https://news.example/story"],
        media=["https://preview.redd.it/p.jpg"],
        community="x",
        score=12,
        upvote_ratio=0.9,
        comment_count=3,
        flair="World",
        link="https://news.example/story",
        over_18=True,
        crosspost_of="reddit:t3_b",
    )


def test_a_comment_keeps_its_place_in_the_tree():
    html = '<div class="md"><p>Hi, <a href="/r/x">here</a></p><p>and <b>there</b></p></div>'
    fields = comment("c", "t1_b", "a", body="Hi, [here](/r/x)", body_html=html, score=5)["data"]
    fields |= {"is_submitter": True, "author_flair_text": "Expert", "created_utc": AT.timestamp()}

    found = to_comment(fields, tree_depth=4, over_18=True)

    assert found == Comment(
        platform="reddit",
        external_id="t1_c",
        url="https://www.reddit.com/r/x/comments/a/_/c/",
        text="Hi, here\nand there",
        author="a",
        parent="reddit:t1_b",
        root="reddit:t3_a",
        published_at=AT,
        fetched_at=found.fetched_at,
        links=["https://www.reddit.com/r/x"],
        tree_depth=4,
        score=5,
        flair="Expert",
        by_submitter=True,
        over_18=True,
    )


@pytest.mark.parametrize(
    ("fields", "removed", "text"),
    [
        ({"selftext": "[deleted]"}, "deleted", ""),
        ({"selftext": "[removed]"}, "removed", ""),
        ({"selftext": "[removed]", "removed_by_category": "deleted"}, "deleted", ""),
        ({"selftext": "kept", "removed_by_category": "moderator"}, "removed", "kept"),
        ({"selftext": "by a deleted account", "author": None}, None, "by a deleted account"),
    ],
)
def test_removed_and_deleted_are_marked(fields, removed, text):
    found = to_post(post("a", **fields)["data"])

    assert (found.removed, found.text) == (removed, text)


@pytest.mark.parametrize(
    ("fields", "media"),
    [
        ({"url": "https://i.redd.it/a.jpg", "preview": {"images": [{"source": {"url": "p"}}]}},
         ["https://i.redd.it/a.jpg"]),
        ({"url": "https://v.redd.it/x", "media": {"reddit_video": {"fallback_url": "clip"}}},
         ["clip"]),
        ({"url": "https://www.reddit.com/gallery/a",
          "gallery_data": {"items": [{"media_id": "2"}, {"media_id": "1"}, {"media_id": "gone"}]},
          "media_metadata": {"1": {"s": {"u": "one"}}, "2": {"s": {"gif": "two"}}}},
         ["two", "one"]),
        ({"url": "https://video.example/v", "media": {"oembed": {"thumbnail_url": "thumb"}}},
         ["thumb"]),
        ({"url": "https://x.example/",
          "crosspost_parent_list": [{"media": {"reddit_video": {"fallback_url": "theirs"}}}]},
         ["theirs"]),
    ],
    ids=["picture", "clip", "gallery", "embedded", "of the post it repeats"],
)  # fmt: skip
def test_a_posts_media_are_its_pictures_and_clips(fields, media):
    assert to_post(post("a", is_self=False, **fields)["data"]).media == media


@given(st.text(max_size=200), st.text(max_size=50))
def test_no_html_breaks_the_reading_of_a_body(html, markdown):
    body = read_body(html, markdown)

    assert all(link.startswith("http") for link in [*body.links, *body.media])


def test_addresses_that_are_none_are_left_out():
    html = '<a href="http://[x">a</a><a href="mailto:a@b">b</a><a href="javascript:1">c</a>'

    assert read_body(html, "").links == []


def nested(depth: int) -> dict:
    inner = listing(nested(depth - 1)) if depth else ""
    above = f"t1_c{depth + 1}" if depth < 4 else "t3_a"
    return comment(f"c{depth}", above, "a", inner)


def things(*raw: dict) -> list:
    return api().read(json.dumps(listing(*raw)).encode())[0].things


def test_nested_and_flat_answers_give_one_tree():
    flat = [nested(0) | {"data": nested(n)["data"] | {"replies": ""}} for n in (4, 3, 2, 1, 0)]

    branches = [read_branch(t, {}, over_18=False) for t in (things(nested(4)), things(*flat))]

    assert [[(c.external_id, c.tree_depth) for c in b.comments] for b in branches] == [
        [("t1_c4", 0), ("t1_c3", 1), ("t1_c2", 2), ("t1_c1", 3), ("t1_c0", 4)]
    ] * 2


def test_gaps_know_what_they_hang_under():
    def more(parent: str, *children: str) -> dict:
        data = {"id": "_", "parent_id": parent, "count": len(children), "children": list(children)}
        return {"kind": "more", "data": data}

    raw = [comment("c1", "t3_a", "a"), more("t1_c1"), more("t3_a", "c8", "c9"), more("t3_a")]

    branch = read_branch(things(*raw), {}, over_18=False)

    assert branch.gaps == [
        Gap(parent="t1_c1", parent_depth=0),
        Gap(parent="t3_a", parent_depth=-1, children=("c8", "c9")),
    ]


def test_a_part_of_a_tree_says_what_is_above_it():
    assert top_parent(things(comment("c2", "t1_c1", "a"))) == "c1"
    assert top_parent(things(comment("c1", "t3_a", "a"))) is None
    assert top_parent([]) is None
