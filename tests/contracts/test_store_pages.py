"""Pages of wanted items and of comments, on every store that the registry finds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gleanery.errors import StoreError
from items import Annotation, Comment, Video
from storage import ItemFilter, open_store
from tests.contracts.store_items import NOW, POST, a_video

HOUR = timedelta(hours=1)


def scored(score: float) -> Annotation:
    return Annotation(tool="quality", engine="rules", version="1", value={"score": score})


def some_items() -> list:
    post = replace(
        POST, category="food", subcategory="tea", classified_at=NOW, language="ko", author="민지",
        annotations=[scored(0.9)], published_at=NOW - 5 * HOUR, fetched_at=NOW + HOUR,
    )  # fmt: skip
    comment = Comment(
        platform="reddit", external_id="t1_c", url="u", root=post.identity, text="great tea",
        author="sam", language="en", published_at=NOW - HOUR, fetched_at=NOW + 2 * HOUR,
    )  # fmt: skip
    video = a_video(
        1, category="food", classified_at=NOW, needs_review=True, annotations=[scored(0.4)],
        title="tea 여행", author="sam", published_at=NOW - 2 * HOUR,
    )  # fmt: skip
    return [post, comment, video, a_video(2, published_at=datetime(1, 1, 1, tzinfo=UTC))]


def at(number: int, instant: datetime) -> Video:
    return replace(a_video(number), fetched_at=instant, published_at=instant)


def names(page) -> list[str]:
    return [row["external_id"] for row in page.rows]


def walked(store, wanted=None, *, limit=2, between=lambda: None) -> list[str]:
    """All pages, one after the other."""
    found, after = [], None
    while True:
        page = store.page(wanted or ItemFilter(), after=after, limit=limit)
        assert len(page.rows) <= limit
        found += names(page)
        if (after := page.next) is None:
            return found
        between()


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["t1_c", "t3_a", "v2", "v1"]),
        ({"category": "food"}, ["t3_a", "v1"]),
        ({"subcategory": "tea"}, ["t3_a"]),
        ({"platform": "youtube"}, ["v2", "v1"]),
        ({"kind": "comment"}, ["t1_c"]),
        ({"language": "ko"}, ["t3_a"]),
        ({"author": "민지"}, ["t3_a"]),
        ({"author": "sam", "category": "food"}, ["v1"]),
        ({"needs_review": True}, ["v1"]),
        ({"needs_review": False, "category": "food"}, ["t3_a"]),
        ({"min_quality": 0.4}, ["t3_a", "v1"]),
        ({"min_quality": 0.5, "category": "food"}, ["t3_a"]),
        ({"fetched_since": NOW + HOUR}, ["t1_c", "t3_a"]),
        ({"fetched_until": NOW + HOUR, "category": "food"}, ["v1"]),
        ({"published_since": NOW - 5 * HOUR, "published_until": NOW - HOUR}, ["t3_a", "v1"]),
        ({"order": "published_at"}, ["t1_c", "v1", "t3_a", "v2"]),
        ({"order": "published_at", "category": "food"}, ["v1", "t3_a"]),
        ({"order": "published_at", "author": "sam"}, ["t1_c", "v1"]),
        ({"order": "published_at", "published_until": NOW - 9 * HOUR}, ["v2"]),
        ({"category": "' OR 1=1 --"}, []),
        ({"author": '{"$ne": null}'}, []),
        ({"author": "\0"}, []),
    ],
    ids=str,
)
def test_a_page_holds_what_is_wanted_newest_first(store, wanted, found):
    store.save(some_items())

    assert walked(store, ItemFilter(**wanted), limit=10) == found
    assert walked(store, ItemFilter(**wanted), limit=1) == found


@pytest.mark.parametrize("order", ["fetched_at", "published_at"])
def test_a_walk_meets_each_item_once_while_others_write(store, order):
    """Many share an instant; new ones come, and known ones change, but keep their instants."""
    old = [at(n, NOW + HOUR * (n // 10)) for n in range(60)]
    store.save(old)
    writes = iter(range(1000))

    def write() -> None:
        n = next(writes)
        later = NOW + 100 * HOUR
        store.save([at(1000 + n, later)])
        store.update(f"youtube:v{n}", lambda item: setattr(item, "title", "changed"))

    found = walked(store, ItemFilter(order=order), limit=7, between=write)

    assert sorted(found) == sorted(v.external_id for v in old)


def test_a_walk_is_in_order_of_instant_and_of_first_saving(store):
    store.save([at(n, NOW + HOUR * (n % 3)) for n in range(30)])

    expected = sorted(range(30), key=lambda n: (n % 3, n), reverse=True)
    assert walked(store, limit=4) == [f"v{n}" for n in expected]


def test_what_is_filtered_by_follows_an_items_changes(store):
    store.save([replace(POST, author="a", annotations=[scored(0.2)])])
    store.save([replace(POST, author="b", language="en", annotations=[scored(0.8)])])

    assert walked(store, ItemFilter(author="a")) == []
    assert walked(store, ItemFilter(author="b", language="en", min_quality=0.7)) == ["t3_a"]


def test_comments_come_in_order_of_first_saving_page_by_page(store):
    def comment(name, root, parent):
        return Comment(platform="reddit", external_id=name, url="u", root=root, parent=parent)

    store.save([POST])
    store.save([comment(f"c{n}", POST.identity, POST.identity) for n in range(5)])
    store.save([comment("reply", POST.identity, "reddit:c1"), comment("other", "reddit:x", None)])

    found, after = [], None
    while True:
        page = store.comments(POST.identity, after=after, limit=4)
        found += names(page)
        if (after := page.next) is None:
            break

    assert found == ["c0", "c1", "c2", "c3", "c4", "reply"]
    assert store.comments("reddit:' OR 1=1").rows == []


@pytest.mark.parametrize(
    ("wanted", "found"),
    [({}, ["t1_c", "v1"]), ({"kind": "video"}, ["v1"]), ({"language": "en"}, ["t1_c"]),
     ({"author": "nobody"}, []), ({"min_quality": 0.3, "category": "food"}, ["v1"])],
    ids=str,
)  # fmt: skip
def test_a_search_keeps_to_what_is_wanted(store, wanted, found):
    store.save(some_items())

    rows = store.search("tea", wanted=ItemFilter(**wanted))

    assert sorted(row["external_id"] for row in rows) == found


def test_languages_of_any_length_and_odd_values_are_kept(store):
    """What pages state was never a reason to refuse an item."""
    odd = Annotation(tool="quality", engine="x", version="1", value={"score": "high"})
    nan = Annotation(tool="quality", engine="x", version="1", value={"score": float("nan")})
    store.save(
        [a_video(1, language="x" * 5000, author="\0" * 300, annotations=[odd]),
         a_video(2, language="한국어 🙂", author="", annotations=[nan])]
    )  # fmt: skip

    assert sorted(walked(store)) == ["v1", "v2"]
    assert walked(store, ItemFilter(language="한국어 🙂")) == ["v2"]
    assert walked(store, ItemFilter(min_quality=0)) == []


def test_a_store_that_only_reads_refuses_writes(closed_store):
    with closed_store as store:
        store.save([POST])
    options = replace(closed_store.options, read_only=True)

    with open_store(closed_store.name, closed_store.path, options) as store:
        assert names(store.page()) == ["t3_a"]
        with pytest.raises(StoreError, match=r"(?i)read-?only"):
            store.save([a_video(1), replace(POST, title="changed")])
        with pytest.raises(StoreError):
            store.update(POST.identity, lambda item: setattr(item, "title", "changed"))

    with open_store(closed_store.name, closed_store.path, closed_store.options) as store:
        assert [row["title"] for row in store.page().rows] == [POST.title]
