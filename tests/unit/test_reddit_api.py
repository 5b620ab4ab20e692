"""PRAW's private names that the adapter stands on, and what it makes of answers and tokens."""

from __future__ import annotations

import json

import pytest

from gleanery.errors import CredentialError, ExtractionError, PlatformUnavailableError
from platforms.reddit.api import RedditApi
from tests.reddit_site import TOKEN_PATH, Answer, RedditSite, comment, listing, post, thread


def api(url: str = "http://127.0.0.1:1") -> RedditApi:
    """Nothing listens on port 1: an accidental fetch of PRAW's fails the test."""
    return RedditApi(
        client_id="an-id",
        client_secret="a-secret",
        user_agent="gleanery tests",
        reddit_url=url,
        oauth_url=url,
    )


def read(answer: object) -> list:
    return api().read(json.dumps(answer).encode())


def test_a_thread_is_read_with_its_replies_and_without_the_network():
    reply = listing(comment("c2", "t1_c1", "a", author="[deleted]"))
    gap = {"kind": "more", "data": {"id": "_", "parent_id": "t1_c2", "count": 0, "children": []}}

    posts, tree = read(thread(post("a"), comment("c1", "t3_a", "a", reply), gap))

    assert [(t.kind, t.fields["id"], t.fields["subreddit"]) for t in posts.things] == [
        ("post", "a", "x")
    ]
    assert [(t.kind, t.fields["id"]) for t in tree.things] == [("comment", "c1"), ("more", "_")]
    assert [(t.fields["id"], t.fields["author"]) for t in tree.things[0].replies] == [("c2", None)]


def test_a_listing_says_where_it_goes_on_and_leaves_other_kinds_out():
    subreddit = {"kind": "t5", "data": {"id": "s", "display_name": "x"}}

    (page,) = read(listing(post("a"), subreddit, after="t3_a"))

    assert (len(page.things), page.after) == (1, "t3_a")


def test_more_children_come_flat():
    things = [comment("c1", "t3_a", "a"), comment("c2", "t1_c1", "a")]

    (page,) = read({"json": {"errors": [], "data": {"things": things}}})

    assert [t.fields["id"] for t in page.things] == ["c1", "c2"]
    assert read({"json": {"errors": [], "data": {"things": []}}})[0].things == []


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"<html>blocked</html>", "HTML"),
        (b'{"kind": "Lis', "cut short or not JSON"),
        (b"", "cut short or not JSON"),
        (b"\xff\xfe\xfa", "unknown shape"),
        (b"null", "unknown shape"),
        (b"3", "unknown shape"),
        (b'{"message": "Forbidden", "error": 403}', "unknown shape"),
        (b'{"kind": "Listing", "data": {"children": [{"kind": "t3", "data": {}}]}}', "unknown"),
        (b'{"json": {"errors": [["RATELIMIT", "slow", "x"]]}}', "answers with an error"),
        (b"[" * 100_000, "unknown shape"),
    ],
)
def test_an_answer_that_is_none_is_an_extraction_error(body, says):
    with pytest.raises(ExtractionError, match=says):
        api().read(body)


def test_a_token_is_issued_kept_and_forgotten():
    with RedditSite({}) as site:
        reddit = api(site.url)
        before = reddit.token
        first = reddit.refresh_token()
        reddit.forget_token("an older one")
        kept = reddit.token
        reddit.forget_token(first)

    assert (before, first, kept, reddit.token) == (None, "token-1", "token-1", None)
    assert site.asked[0].authorization.startswith("Basic ")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(401, {}), CredentialError),
        (Answer(403, b"<html>"), CredentialError),
        (Answer(200, {"error": "invalid_grant"}), CredentialError),
        (Answer(429, {}), PlatformUnavailableError),
        (Answer(503, {}), PlatformUnavailableError),
        (Answer(200, b"<html>"), PlatformUnavailableError),
        (Answer(200, {"access_token": "x"}), PlatformUnavailableError),
    ],
)
def test_a_refused_token_says_whether_to_try_again(answer, error):
    with RedditSite({TOKEN_PATH: [answer]}) as site, pytest.raises(error):
        api(site.url).refresh_token()


def test_nobody_at_home_is_worth_another_try():
    with pytest.raises(PlatformUnavailableError):
        api().refresh_token()


def test_only_addresses_under_the_two_bases_may_see_the_token():
    reddit = api("https://oauth.reddit.com")

    assert reddit.owns("https://oauth.reddit.com/r/news/hot")
    assert not reddit.owns("https://oauth.reddit.com.evil.example/r/news/hot")
    assert not reddit.owns("http://oauth.reddit.com/r/news/hot")
