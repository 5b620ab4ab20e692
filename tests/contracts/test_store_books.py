"""Records beside items, and the history of visits; on every store there is."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from items import Article
from items.topic import Topic
from items.visit import Observation, Visit
from storage import open_store
from storage.book import BOOKS, SEEDS, TOPICS, VISITS
from storage.copying import compare, copy
from storage.topics import save_topics, topics
from tests.contracts.store_items import NOW, POST, a_video

HOUR = timedelta(hours=1)


def a_record(key: str, at: str | None, group: str = "g", **more):
    return {"key": key, "group": group, "at": at, **more}


def put(book, *records):
    by_key = {record["key"]: record for record in records}
    book.change([*by_key], lambda key, _: by_key[key])


def test_records_come_back_as_they_were_and_are_listed_in_order(store):
    book = store.book(TOPICS)
    late, early, never = (
        a_record("늦은 것 🕐'\";--", "2026-11-23T05:00:00+00:00", words=["서울", "\x00"]),
        a_record("b" * 3000, "2026-11-23T04:00:00+00:00", "h"),
        a_record("$c.d", None),
    )
    put(book, late, early, never)

    assert book.get([late["key"], "$c.d", "missing"]) == {late["key"]: late, "$c.d": never}
    assert book.listed() == [early, late]
    assert book.listed(newest=True, limit=1) == [late]
    assert book.listed(group="h") == [early]
    assert book.listed(until=early["at"]) == [early]
    assert sorted(r["key"] for r in book.scan()) == sorted(["$c.d", late["key"], early["key"]])
    assert (book.delete([late["key"], "missing"]), book.listed()) == (1, [early])


@pytest.mark.parametrize("name", BOOKS)
def test_books_are_apart(store, name):
    put(store.book(name), a_record("k", None))

    assert [n for n in BOOKS if store.book(n).get(["k"])] == [name]


def test_writers_of_one_record_lose_nothing(store):
    with open_store(store.name, store.path, store.options) as other:

        def add(opened):
            for _ in range(10):
                opened.book(SEEDS).change(
                    ["s", "t"], lambda key, old: a_record(key, None, n=old["n"] + 1 if old else 1)
                )

        threads = [threading.Thread(target=add, args=(s,)) for s in (store, other) * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert {k: r["n"] for k, r in store.book(SEEDS).get(["s", "t"]).items()} == {"s": 40, "t": 40}


def test_each_save_that_brings_new_numbers_is_kept_as_a_point(store):
    seen = [(0, 100), (1, 100), (2, 150), (30, 150)]  # hours, views
    for hours, views in seen:
        store.save([a_video(1, view_count=views, like_count=3)])
        at = NOW + hours * HOUR
        store.save([replace(a_video(1, view_count=views, like_count=3), fetched_at=at)])

    assert store.history("youtube:v1") == [
        Observation(at=NOW, views=100, score=3),
        Observation(at=NOW + 2 * HOUR, views=150, score=3),
        Observation(at=NOW + 30 * HOUR, views=150, score=3),  # a day has passed
    ]
    assert store.history("youtube:v2") == []


def test_a_batch_saved_again_adds_no_point_and_moves_no_date(store):
    batch = [POST, a_video(1, view_count=3), replace(POST, score=9, fetched_at=NOW + HOUR)]
    store.save(batch)
    once = store.book(VISITS).listed()
    store.save(batch)
    store.observe(batch)

    assert store.book(VISITS).listed() == once
    assert [p.score for p in store.history(POST.identity)] == [9]


def test_items_are_due_in_the_order_of_their_dates(store):
    page = Article(platform="web", external_id="https://e.com/", url="https://e.com/", text="a",
                   fetched_at=NOW, published_at=NOW - 400 * HOUR)  # fmt: skip
    store.save([page, replace(POST, published_at=NOW - 8 * HOUR)])

    due = [Visit.from_dict(record) for record in store.book(VISITS).listed()]

    assert [(v.key, v.group, v.at) for v in due] == [
        (POST.identity, "reddit", NOW + 2 * HOUR),
        (page.identity, "web", NOW + 100 * HOUR),
    ]


def test_a_copy_of_a_store_has_the_history(store, tmp_path):
    store.save([a_video(1, view_count=1)])
    store.save([replace(a_video(1, view_count=5), fetched_at=NOW + HOUR)])
    put(store.book(SEEDS), a_record("reddit:subreddit=x", None, n=1))

    with open_store("sqlite", tmp_path / "copy.db") as target:
        copy(store, target)
        whole = compare(store, target)
        assert (whole.complete, whole.items, whole.records) == (True, 1, 2)
        assert target.history("youtube:v1") == store.history("youtube:v1")
        assert [*target.book(SEEDS).scan()] == [*store.book(SEEDS).scan()]

        target.book(VISITS).delete(["youtube:v1"])
        put(target.book(SEEDS), a_record("reddit:subreddit=x", None, n=2))
        harmed = compare(store, target)
        assert (harmed.missing, harmed.differing, harmed.complete) == (1, 1, False)


def test_topics_come_back_the_last_found_first(store):
    found = [
        Topic(key=f"k{n}", group=group, at=NOW + n * HOUR, first_at=NOW, title="태풍 🌀",
              members=["reddit:t3_a"], counts=[0] * 23 + [n], heat=float(n))
        for n, group in enumerate(("", "food", ""))
    ]  # fmt: skip
    save_topics(store, found)
    save_topics(store, found)

    assert topics(store) == [found[2], found[0]]
    assert topics(store, group="food") == [found[1]]
