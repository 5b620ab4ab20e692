"""``gleanery db reconcile``: a catalogue that no longer says what the documents say."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from items import Comment, Post
from storage.book import TOMBSTONES
from storage.mongodb.documents import Documents
from storage.mysql.database import Database
from storage.reconciled import Reconciled
from storage.reconciling import Reconciler
from storage.tombstones import ITEM, bury, mark_of
from tests.cli import gleanery
from tests.store_servers import emptied, keep

NOW = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)


def a_post(number: int, **more) -> Post:
    return Post(platform="reddit", external_id=f"t3_{number}", url="u", fetched_at=NOW, **more)


def a_comment(number: int) -> Comment:
    return Comment(
        platform="reddit", external_id=f"t1_{number}", url="u", fetched_at=NOW, root="reddit:t3_1"
    )


@pytest.fixture
def both(tmp_path, store_options):
    store = emptied("mysql+mongodb", tmp_path, store_options("mysql+mongodb"))
    store.init()
    with store:
        yield store


@pytest.fixture
def catalogue(both):
    database = Database(both.options)
    yield database
    database.close()


@pytest.fixture
def documents(both):
    documents = Documents(both.options, alone=False)
    yield documents
    documents.mongo.close()


def run(database: Database, statement: str) -> None:
    database.transact(lambda db: db.execute(text(statement)))


def damage(both, catalogue, documents) -> None:
    """One of each kind of harm, among items that are well."""
    both.save([a_post(n, title="tea") for n in range(1, 8)])
    keep(documents, [a_post(20, title="서울 여행"), a_comment(21)])  # then the crawl died
    keep(documents, [a_post(1, title="coffee")])  # the same, for a known item
    run(catalogue, "UPDATE items SET revision = 9 WHERE identity = 'reddit:t3_2'")  # older backup
    documents.mongo.run(documents.db["documents"].delete_one({"_id": "reddit:t3_3"}))


def test_each_kind_of_harm_is_counted_and_mended(both, catalogue, documents):
    damage(both, catalogue, documents)

    checked = both.reconcile(check=True)
    unchanged = both.stats(classified_kinds=[]).total
    mended = both.reconcile(remove_orphans=True)
    again = both.reconcile(check=True)

    counts = {"documents": 8, "entries": 7, "entered": 2, "rewritten": 2, "orphans": 1}
    assert (checked, unchanged) == (Reconciled(**counts), 7)
    assert mended == Reconciled(**counts, removed=1)
    assert (again.found, again.documents, again.entries) == (0, 8, 8)
    assert [row["identity"] for row in both.search("coffee")] == ["reddit:t3_1"]
    assert [row["identity"] for row in both.search("여행")] == ["reddit:t3_20"]
    assert len([*both.scan()]) == 8
    both.save([a_post(2, title="late")])  # its entry follows again
    assert len(both.search("late")) == 1


def test_entries_without_a_document_stay_unless_told_otherwise(both, catalogue, documents):
    damage(both, catalogue, documents)

    result = both.reconcile()

    assert (result.left, result.removed) == (1, 0)
    assert both.stats(classified_kinds=[]).total == 9


def test_it_works_beside_a_crawl_and_in_pages(both, catalogue, documents):
    """Whatever is under way is entered once, at its last state."""
    keep(documents, [a_post(n, title="old") for n in range(60)])

    def crawl():
        for n in range(0, 120, 10):
            both.save([a_post(k, title="new") for k in range(n, n + 10)])

    thread = threading.Thread(target=crawl)
    thread.start()
    work = Reconciler(catalogue, documents, check=False, page=7)
    work.run(remove_orphans=False, progress=lambda _done: None)
    thread.join()

    assert both.reconcile(check=True).found == 0
    assert both.stats(classified_kinds=[]).total == 120
    assert len(both.search("new", limit=200)) == 120


@pytest.mark.slow
def test_the_command_checks_mends_and_ends_with_what_is_left(tmp_path, both, catalogue, documents):
    damage(both, catalogue, documents)
    env = {
        "GLEANERY_STORE": "mysql+mongodb",
        "GLEANERY_MYSQL_URL": both.options.mysql_url,
        "GLEANERY_MONGODB_URL": both.options.mongodb_url,
    }

    checked = gleanery(tmp_path, "db", "reconcile", "--check", "--json", **env)
    mended = gleanery(tmp_path, "db", "reconcile", **env)
    removed = gleanery(tmp_path, "db", "reconcile", "--remove-orphans", "--json", **env)
    after = gleanery(tmp_path, "db", "reconcile", "--check", **env)

    codes = [done.returncode for done in (checked, mended, removed, after)]
    assert codes == [1, 1, 0, 0], [checked.stderr, mended.stderr, removed.stderr, after.stderr]
    assert checked.json["found"] == 5
    assert "--remove-orphans" in mended.stdout
    assert removed.json["removed"] == 1
    assert "일치합니다" in after.stdout


def test_a_store_in_one_place_has_nothing_to_compare(tmp_path):
    with emptied("sqlite", tmp_path / "gleanery.db", None) as store:
        store.save([a_post(1)])

    done = gleanery(tmp_path, "db", "reconcile")

    assert done.returncode == 0
    assert "one place" in done.stdout


def test_what_a_purge_that_died_has_left_is_removed_not_entered(both, documents):
    keep(documents, [a_post(1), a_post(2)])  # as if the entries had been deleted, then kill -9
    bury(both.book(TOMBSTONES), [mark_of("reddit:t3_1")], ITEM)

    checked = both.reconcile(check=True)
    result = both.reconcile()

    assert checked == result == Reconciled(documents=2, entered=1, purged=1)
    assert [row["identity"] for row in both.scan()] == ["reddit:t3_2"]
    assert not any(both.traces(["reddit:t3_1"]).values())
