"""What is the embedded store's own: the versions of its file."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

import pytest

from gleanery.errors import StoreError
from items import Annotation, Post
from storage import ItemFilter, Place, StoreOptions, open_store
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


def test_a_file_of_a_later_version_is_refused(tmp_path):
    path = tmp_path / "store.db"
    open_store("sqlite", path).open()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")

    with pytest.raises(StoreError, match="has schema 99"):
        open_store("sqlite", path).open()
