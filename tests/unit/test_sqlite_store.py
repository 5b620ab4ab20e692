"""What is the embedded store's own: the versions of its file."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

import pytest

from gleanery.errors import StoreError
from items import Annotation, Post
from storage import ItemFilter, Place, StoreOptions, open_store
from storage.sqlite.counting import counted
from storage.sqlite.pages import page_query, scan_query


def test_a_file_of_the_version_before_is_brought_up_to_date(tmp_path):
    path = tmp_path / "store.db"
    open_store("sqlite", path).open()
    with sqlite3.connect(path) as db:
        db.executescript("DROP TABLE proposals; PRAGMA user_version = 1;")

    with open_store("sqlite", path) as store:
        assert store.proposals() == []


def test_items_of_an_earlier_version_are_found_by_all_filters(tmp_path):
    """The file is made as version 2 made it, and filled."""
    path = tmp_path / "store.db"
    quality = Annotation(tool="quality", engine="rules", version="1", value={"score": 0.7})
    items = [
        Post(
            platform="reddit", external_id=f"t3_{n}", url="u", author=f"a{n % 7}", language="ko",
            subcategory="tea", annotations=[quality], title="\0 🙂",
            published_at=datetime(1 + n, 1, 1, tzinfo=UTC),
        )
        for n in range(1200)
    ]  # fmt: skip
    with open_store("sqlite", path) as store:
        store.save(items)
    new = ("subcategory", "language", "author", "root", "quality", "published_at")
    with sqlite3.connect(path) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'index'").fetchall():
            if name.startswith("items_by"):
                db.execute(f"DROP INDEX {name}")
        for name in new:
            db.execute(f"ALTER TABLE items DROP COLUMN {name}")
        db.execute("PRAGMA user_version = 2")

    with pytest.raises(StoreError, match="gleanery db init"):
        open_store("sqlite", path, StoreOptions(read_only=True)).open()
    wanted = ItemFilter(author="a3", language="ko", subcategory="tea", min_quality=0.7)
    with open_store("sqlite", path) as store:
        found = store.page(wanted, limit=1000).rows
        early = store.page(ItemFilter(published_until=datetime(2, 1, 1, tzinfo=UTC))).rows

    assert len(found) == len([n for n in range(1200) if n % 7 == 3])
    assert [row["external_id"] for row in early] == ["t3_0"]


@pytest.mark.parametrize("order", ["fetched_at", "published_at"])
@pytest.mark.parametrize("text", ["author", "category", "platform", "kind", "language", None])
def test_every_page_is_read_from_an_index_in_order(tmp_path, text, order):
    wanted = ItemFilter(order=order, **({text: "x", "min_quality": 0.5} if text else {}))
    path = tmp_path / "store.db"
    open_store("sqlite", path).open()
    with sqlite3.connect(path) as db:
        sql, values = page_query(wanted, Place("2026", 7), 10)
        (plan,) = db.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()

    assert plan[3].startswith(f"SEARCH items USING INDEX items_by_{wanted.index} (")
    assert f"{order}<" in plan[3]


@pytest.mark.parametrize("kinds", [(), ("post", "comment")])
@pytest.mark.parametrize("unclassified", [False, True])
def test_a_scan_sorts_nothing(tmp_path, kinds, unclassified):
    path = tmp_path / "store.db"
    open_store("sqlite", path).open()
    with sqlite3.connect(path) as db:
        sql, values = scan_query(7, unclassified=unclassified, kinds=kinds)
        (plan,) = db.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()

    index = "INDEX items_unclassified" if unclassified else "INTEGER PRIMARY KEY"
    assert plan[3].startswith(f"SEARCH items USING {index} (")


def test_items_to_be_reviewed_are_read_from_an_index_of_their_own(tmp_path):
    path = tmp_path / "store.db"
    open_store("sqlite", path).open()
    with sqlite3.connect(path) as db:
        sql, values = page_query(ItemFilter(needs_review=True, kind="x"), Place("2026", 7), 10)
        (plan,) = db.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()

    assert plan[3].startswith("SEARCH items USING INDEX items_by_needs_review (")


def test_counts_are_read_from_indexes_alone(tmp_path):
    """No body is read: at a million items that takes seconds."""
    open_store("sqlite", tmp_path / "store.db").open()
    asked = []
    with sqlite3.connect(tmp_path / "store.db") as db:
        db.set_trace_callback(asked.append)
        counted(db, ["post", "video"])
        db.set_trace_callback(None)
        plans = [row[3] for sql in asked for row in db.execute(f"EXPLAIN QUERY PLAN {sql}")]

    read = [plan for plan in plans if " items" in plan]
    assert len(read) >= 8
    assert [plan for plan in read if "COVERING INDEX" not in plan] == []


def test_days_are_counted_along_the_index(tmp_path):
    days = [datetime(2026, 1, day, hour, tzinfo=UTC) for day, hour in ((1, 0), (1, 23), (9, 5))]
    with open_store("sqlite", tmp_path / "store.db") as store:
        empty = store.stats(classified_kinds=[]).days
        shared = {"platform": "reddit", "url": "u"}
        store.save([Post(external_id=str(n), fetched_at=at, **shared) for n, at in enumerate(days)])

        assert empty == {}
        assert store.stats(classified_kinds=[]).days == {"2026-01-01": 2, "2026-01-09": 1}


def test_counts_and_records_wait_for_no_writer(tmp_path):
    with open_store("sqlite", tmp_path / "store.db") as store:
        other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        assert store.stats(classified_kinds=[]).total == 0
        assert store.history("reddit:t3_1") == []
        other.close()


def test_a_file_of_a_later_version_is_refused(tmp_path):
    path = tmp_path / "store.db"
    open_store("sqlite", path).open()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")

    with pytest.raises(StoreError, match="has schema 99"):
        open_store("sqlite", path).open()
