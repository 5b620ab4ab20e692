"""What Reddit is asked for each kind of seed."""

from __future__ import annotations

import pytest

from platforms.reddit import query
from platforms.reddit.query import Options, Query, first_query

BASE = "https://oauth.reddit.com"
ASKED = [
    ("subreddit", "news", Options(), "/r/news/hot?limit=100"),
    ("subreddit", "r/news+korea", Options(sort="rising"), "/r/news+korea/rising?limit=100"),
    ("subreddit", "news", Options(sort="top", time="day"), "/r/news/top?t=day&limit=100"),
    ("subreddit", "news", Options(listing="comments"), "/r/news/comments/?limit=100"),
    ("front", "True", Options(sort="new"), "/new?limit=100"),
    ("domain", "youtube.com", Options(), "/domain/youtube.com/hot?limit=100"),
    ("multireddit", "ann/birds", Options(), "/user/ann/m/birds/hot?limit=100"),
    (
        "multireddit",
        "https://www.reddit.com/user/ann/m/birds/",
        Options(listing="comments"),
        "/user/ann/m/birds/comments/?limit=100",
    ),
    ("user", "u/spez", Options(), "/user/spez/overview?sort=new&limit=100"),
    ("user", "spez", Options(listing="posts"), "/user/spez/submitted?sort=new&limit=100"),
    ("search", "기후 변화", Options(), "/search/?q=%EA%B8%B0%ED%9B%84+%EB%B3%80%ED%99%94"
     "&sort=relevance&t=all&limit=100"),
    (
        "search",
        "rain",
        Options(within="korea", sort="new", time="week", over_18=True),
        "/r/korea/search/?restrict_sr=on&q=rain&sort=new&t=week&include_over_18=on&limit=100",
    ),
    ("duplicates", "t3_avj2v", Options(), "/duplicates/avj2v/?limit=100"),
    ("link", "youtube.com", Options(), "/api/info/?url=youtube.com"),
    ("comment", "t1_dkk4qjd", Options(), "/api/info/?id=t1_dkk4qjd"),
    (
        "comment",
        "https://www.reddit.com/r/x/comments/6otocc/title/dkk4qjd/?context=3",
        Options(),
        "/api/info/?id=t1_dkk4qjd",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "options", "address"), ASKED)
def test_a_seed_is_asked_for_at_its_address(kind, value, options, address):
    assert first_query(kind, value, options).url(BASE) == f"{BASE}{address}&raw_json=1"


@pytest.mark.parametrize(
    "reference",
    [
        "3hahrw",
        "t3_3hahrw",
        "https://redd.it/3hahrw",
        "https://www.reddit.com/r/funny/comments/3hahrw/some_title/",
        "https://old.reddit.com/comments/3hahrw",
        "https://www.reddit.com/gallery/3hahrw",
        "http://www.reddit.com/r/funny/comments/3hahrw/some_title/cu5tlz5?context=3",
    ],
)
def test_a_post_may_be_named_by_any_of_its_addresses(reference):
    assert query.post_query(reference) == query.thread("3hahrw")


def test_a_share_link_is_asked_where_it_leads():
    asked = query.post_query("https://www.reddit.com/r/redditdev/s/WNauetbiNG")

    assert asked == Query(path="/r/redditdev/s/WNauetbiNG", answer="share")


@pytest.mark.parametrize(
    ("kind", "value", "options", "says"),
    [
        ("subreddit", "no spaces", Options(), "is no subreddit; give a name such as news"),
        ("subreddit", "../etc", Options(), "is no subreddit"),
        ("subreddit", "news", Options(sort="relevance"), "it has hot, new, top, rising, contr"),
        ("user", "a/b", Options(), "is no user name"),
        ("user", "spez", Options(sort="rising"), "a user's page has no sort=rising"),
        ("search", "", Options(), "a search needs words"),
        ("search", "x", Options(sort="rising"), "a search has no sort=rising"),
        ("post", "https://www.reddit.com/r/news/", Options(), "no post in"),
        ("post", "https://example.com/3hahrw", Options(), "no post in"),
        ("post", "https://notreddit.com/comments/3hahrw", Options(), "no post in"),
        ("post", "not a post", Options(), "give an id (3hahrw), a fullname (t3_3hahrw)"),
        ("comment", "https://www.reddit.com/r/news/", Options(), "no comment in"),
        ("comment", "https://example.com/comments/a/b/c", Options(), "no comment in"),
        ("multireddit", "https://example.com/ann/birds", Options(), "is no multireddit"),
        ("domain", "youtube", Options(), "is no domain"),
        ("multireddit", "birds", Options(), "give OWNER/NAME"),
        ("front", "True", Options(listing="comments"), "the front page lists posts only"),
        ("domain", "a.com", Options(listing="comments"), "a domain lists posts only"),
        ("link", "", Options(), "give the address"),
        ("duplicates", "https://www.reddit.com/r/x/s/abc", Options(), "not a share link"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(kind, value, options, says):
    with pytest.raises(ValueError, match=r".") as caught:
        first_query(kind, value, options)

    assert says in str(caught.value)


@pytest.mark.parametrize(
    "location",
    ["/r/x/comments/3hahrw/t/", "https://www.reddit.com/r/x/comments/3hahrw/t/?share_id=1"],
)
def test_a_share_link_leads_to_its_post(location):
    assert query.shared_post(location) == query.thread("3hahrw")


@pytest.mark.parametrize("location", ["", "/login", "https://example.com/", "/r/x/s/abcdef"])
def test_a_share_link_may_lead_nowhere(location):
    with pytest.raises(ValueError, match=r"no post in|another one"):
        query.shared_post(location)


def test_the_next_page_keeps_the_question_wherever_the_api_is_served():
    base = "http://127.0.0.1:8000/reddit-api/"
    first = first_query("search", "a&b 한국", Options())

    second = query.next_page(first.url(base), base, "t3_x")

    assert second == Query(
        path=first.path, params={**first.params, "raw_json": "1", "after": "t3_x"}
    )


def test_more_children_are_asked_for_a_hundred_at_a_time():
    children = [f"c{n}" for n in range(156)]

    asked, forms = query.more_children("3hahrw", children)

    assert asked.path == "/api/morechildren/"
    assert [len(form["children"].split(",")) for form in forms] == [100, 56]
    assert ",".join(form["children"] for form in forms).split(",") == children
    assert {form["link_id"] for form in forms} == {"t3_3hahrw"}
