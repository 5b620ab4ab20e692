"""``scrapy crawl reddit`` against PRAW's own recordings of Reddit."""

from __future__ import annotations

import pytest

from tests.crawl import scrapy_crawl
from tests.reddit_replay import at, cassette, expected, serve

THREAD = {"post": "3hahrw"}
LISTED = {"max_depth": 0}
"""Only what the listing itself shows: the cassettes hold no threads of its posts."""
CRAWLED = {
    "TestComment.test_parent__chain": {"comment": "t1_dkk4qjd"},
    "TestComment.test_refresh": {"comment": "t1_d81vwef"},
    "TestComment.test_refresh__deleted_comment": {"comment": "t1_d7ltvl0"},
    "TestCommentForest.test_replace__all": THREAD,
    "TestCommentForest.test_replace__all_with_comment_limit": THREAD,
    "TestCommentForest.test_replace__on_comment_from_submission": THREAD,
    "TestCommentForest.test_replace__skip_at_limit": THREAD,
    "TestDomainListing.test_hot": LISTED | {"domain": "youtube.com"},
    "TestFront.test_hot": LISTED | {"front": "true"},
    "TestFront.test_new": LISTED | {"front": "true", "sort": "new"},
    "TestListingGenerator.test_exhaust_items": LISTED | {"user": "spez", "sort": "top"},
    "TestListingGenerator.test_no_items": LISTED | {"user": "spez", "sort": "top", "time": "hour"},
    "TestMore.test_comments": THREAD,
    "TestMore.test_comments__continue_thread_type": THREAD,
    "TestMultiredditListings.test_comments": LISTED
    | {"multireddit": "kjoneslol/sfwpornnetwork", "listing": "comments"},
    "TestMultiredditListings.test_new": LISTED
    | {"multireddit": "kjoneslol/sfwpornnetwork", "sort": "new"},
    "TestReddit.test_info_url": LISTED | {"link": "youtube.com"},
    "TestRedditorListings.test_comments__new": LISTED | {"user": "spez", "listing": "comments"},
    "TestRedditorListings.test_overview__new": LISTED | {"user": "spez"},
    "TestRedditorListings.test_submissions__new": LISTED | {"user": "spez", "listing": "posts"},
    "TestSubmission.test_comments": {"post": "2gmzqe"},
    "TestSubmission.test_duplicates": LISTED | {"duplicates": "avj2v"},
    "TestSubmission.test_hide_multiple_in_batches": LISTED | {"subreddit": "popular"},
    "TestSubmission.test_resolve_from_share_url": {
        "post": "https://www.reddit.com/r/redditdev/s/WNauetbiNG"
    },
    "TestSubreddit.test_search": LISTED | {"search": "praw oauth search", "subreddit": "all"},
    "TestSubredditListings.test_comments": LISTED
    | {"subreddit": "askreddit", "listing": "comments"},
    "TestSubredditListings.test_hot": LISTED | {"subreddit": "askreddit"},
    "TestSubredditListings.test_new": LISTED | {"subreddit": "askreddit", "sort": "new"},
    "TestSubredditListings.test_top": LISTED | {"subreddit": "askreddit", "sort": "top"},
    "TestSubredditQuarantine.test_opt_out": LISTED | {"subreddit": "ferguson"},
    "TestSubredditStreams.test_comments__with_continue_after_id": LISTED
    | {"subreddit": "test_subreddit", "listing": "comments"},
}
"""Cassettes of a kind that the spider crawls, and the arguments that crawl them."""
NOT_CRAWLED = {
    "TestAuthImplicit.test_implicit__with_invalid_token": "asks for the account of a user token",
    "TestReddit.test_bad_request_without_json_text_html_response": "a malformed call, no content",
    "TestReddit.test_bad_request_without_json_text_plain_response": "a malformed call, no content",
    "TestRedditor.test_trophies__user_not_exist": "a user's trophies, no posts or comments",
    "TestRedditorListings.test_upvoted__other_user": "votes are private: a user token is needed",
    "TestRedditors.test_partial_redditors__not_found": "accounts by id, no posts or comments",
    "TestSubredditStreams.test_submissions": "polls for newer posts (before=) without an end",
    "TestSubreddits.test_popular": "lists subreddits, no posts or comments",
    "TestSubreddits.test_search": "lists subreddits, no posts or comments",
    "TestSubreddits.test_search_by_name": "completes names of subreddits",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CRAWLED)
def test_a_crawl_gives_exactly_the_posts_and_comments_of_the_recording(tmp_path, fixtures, name):
    posts, comments = expected(fixtures, name)
    with serve(cassette(fixtures, name)) as server:
        result = scrapy_crawl(
            "reddit", tmp_path, env=at(server), **{"over_18": "true"} | CRAWLED[name]
        )

    assert result.returncode == 0, result.log
    assert (result.identities("post"), result.identities("comment")) == (posts, comments)
    assert result.stats.get("reddit/failed/404", 0) == len(server.replay.misses)
    assert "Traceback" not in result.log


@pytest.mark.slow
def test_over_18_is_left_out_unless_asked_for_and_counted(tmp_path, fixtures):
    name = "TestSubredditListings.test_comments"
    _, comments = expected(fixtures, name)
    with serve(cassette(fixtures, name)) as server:
        result = scrapy_crawl("reddit", tmp_path, env=at(server), **CRAWLED[name])

    assert result.identities("comment") < comments
    assert len(comments) - len(result.items) == result.stats["reddit/over_18_skipped"] == 10
    assert {row["over_18"] for row in result.items} == {False}


def test_a_recorded_thread_is_stored_as_a_tree_and_found_by_its_words(tmp_path, fixtures):
    name = "TestSubmission.test_comments"
    with serve(cassette(fixtures, name)) as server:
        result = scrapy_crawl("reddit", tmp_path, env=at(server), **CRAWLED[name])

    with result.store() as store:
        found = {row["identity"] for row in store.search("environment variables")}
        reply = store.find("reddit:t1_cklhv0f")
        post = store.find("reddit:t3_2gmzqe")
    assert found == {"reddit:t1_cklfmye"}
    assert reply is not None
    assert (reply["parent"], reply["root"], reply["tree_depth"], reply["depth"]) == (
        "reddit:t1_cklfmye",
        "reddit:t3_2gmzqe",
        1,
        0,
    )
    assert post is not None
    assert (post["community"], post["score"], post["comment_count"], post["published_at"]) == (
        "redditdev",
        11,
        2,
        "2014-09-17T06:34:31+00:00",
    )
    assert post["links"] == ["https://github.com/praw-dev/praw/issues"]


def test_every_recording_is_crawled_or_says_why_not(fixtures):
    folder = fixtures / "reddit" / "praw_cassettes"

    assert not CRAWLED.keys() & NOT_CRAWLED.keys()
    assert CRAWLED.keys() | NOT_CRAWLED.keys() == {
        path.name.removesuffix(".json.gz") for path in folder.glob("*.json.gz")
    }
