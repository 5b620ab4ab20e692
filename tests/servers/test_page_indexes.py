"""Pages on the servers: from an index, in its order, also over items of an earlier schema."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, event, func, select
from sqlalchemy.dialects import mysql as dialect

from items import Annotation, Comment, Post
from storage import ItemFilter, Place, StoreOptions, open_store
from storage.book import TOPICS
from storage.jobs import open_jobs
from storage.jobs.finding import JobFilter
from storage.ledger import open_ledger
from storage.mongodb.database import connect
from storage.mongodb.pages import filter_of
from storage.mysql import migrate
from storage.mysql.catalogue import page_after
from storage.mysql.database import Database
from storage.mysql.pages import comments_query, page_query
from storage.mysql.schema import OFFICE, metadata
from storage.office.audit import Audit
from storage.office.tables import audit
from tests.store_servers import emptied

START = datetime(2026, 1, 1, tzinfo=UTC)
FILTERS = [
    {}, {"category": "c3"}, {"platform": "reddit"}, {"kind": "post"}, {"language": "ko"},
    {"author": "a7"}, {"category": "c3", "platform": "reddit", "kind": "post", "language": "ko"},
    {"category": "c3", "min_quality": 0.5, "fetched_since": START + timedelta(minutes=1)},
    {"author": "a7", "category": "c3"},
    {"subcategory": "s1"}, {"subcategory": "s1", "category": "c3"}, {"needs_review": True},
    {"needs_review": True, "category": "c3"}, {"min_quality": 0.9},
    {"fetched_since": START, "fetched_until": START + timedelta(hours=1)},
]  # fmt: skip
ASKED = [ItemFilter(order=order, **f) for order in ("fetched_at", "published_at") for f in FILTERS]


def a_post(number: int) -> Post:
    quality = Annotation(tool="quality", engine="r", version="1", value={"score": number % 10 / 10})
    return Post(
        platform="reddit", external_id=f"t3_{number}", url="u", category=f"c{number % 20}",
        author=f"a{number % 50}", language="ko", annotations=[quality], classified_at=START,
        fetched_at=START + timedelta(seconds=number), published_at=START,
    )  # fmt: skip


@pytest.fixture(params=["mysql", "mysql+mongodb"])
def store(request, tmp_path, store_options):
    store = emptied(request.param, tmp_path, store_options(request.param))
    store.init()
    with store:
        yield store


def test_mariadb_reads_every_page_from_an_index_in_order(store):
    for start in range(0, 2000, 500):
        store.save([a_post(n) for n in range(start, start + 500)])
    database = Database(store.options)
    plans = {}
    with database.engine.connect() as db:
        db.exec_driver_sql("ANALYZE TABLE items").all()
        place = Place((START + timedelta(seconds=900)).isoformat(), 900)
        queries = {f"items_{w.index} {w}": page_query(w, place, 20) for w in ASKED}
        queries["items_root"] = comments_query("reddit:t3_1", 0, 20)
        queries["PRIMARY"] = page_after(9, unclassified=True, kinds=["post", "comment"])
        for name, query in queries.items():
            sql = query.compile(dialect=dialect.dialect(paramstyle="pyformat"))
            values = sql.construct_params()
            text = str(query.compile(
                dialect=dialect.dialect(), compile_kwargs={"literal_binds": True}
            )) if not any(isinstance(v, bytes) for v in values.values()) else None  # fmt: skip
            plan = db.exec_driver_sql(
                f"EXPLAIN {text}" if text else f"EXPLAIN {sql}", {} if text else values
            ).one()
            plans[name] = (plan.key, plan.type, "filesort" in (plan.Extra or ""))
    database.close()

    wrong = {n: p for n, p in plans.items() if p[0] != n.split()[0] or p[1] == "ALL" or p[2]}
    assert wrong == {}


def jobs_of(server, home):
    """The ledger of jobs, full, in MariaDB."""
    database = Database(StoreOptions(mysql_url=server))
    migrate.upgrade(database)
    ledger = open_jobs({"STORE": "mysql", "MYSQL_URL": server}.get, home)
    at = START.isoformat()
    rows = [
        {"job": f"j{n}", "project": "default", "spider": f"s{n % 5}", "priority": 0.0,
         "state": "finished" if n < 1990 else "queued", "arguments": "{}", "settings": "{}",
         "attempt": 1, "node": f"n{n % 7}", "cancel": False, "created_at": at, "progress": 0,
         "stats": "{}", "version": "1"}
        for n in range(2000)
    ]  # fmt: skip
    events = [{"job": f"j{n}", "at": at, "event": "queued", "detail": ""} for n in range(2000)]
    with ledger.engine.begin() as db:
        for table, values in ((ledger.tables.jobs, rows), (ledger.tables.events, events)):
            db.execute(table.delete())
            db.execute(table.insert(), values)
        db.exec_driver_sql("ANALYZE TABLE jobs, job_events").all()
    database.close()
    return ledger


def test_pages_of_the_admin_ask_mariadb_by_an_index(mysql_server, tmp_path):
    ledger = jobs_of(mysql_server, tmp_path)
    asked = []
    event.listen(ledger.engine, "before_cursor_execute", lambda *a: asked.append((a[2], a[3])))

    for wanted in ({}, {"states": ("queued",)}, {"spider": "s1"}, {"node": "n1"},
                   {"parent": "j1"}, {"text": "kim"}):  # fmt: skip
        ledger.page(JobFilter(**wanted), cursor=1500)
    job = ledger.find("j1400")
    ledger.runs_before(job, 5)
    for _ in (ledger.named(["j1"]), ledger.counts(), ledger.events("j9"), ledger.queue(),
              ledger.events_after(1900), ledger.in_states("queued")):  # fmt: skip
        pass
    plans = []
    with ledger.engine.connect() as db:
        for statement, values in asked.copy():  # what we ask is noted, too
            plans += [
                (statement, p.key) for p in db.exec_driver_sql(f"EXPLAIN {statement}", values)
            ]
        for table in (ledger.tables.jobs, ledger.tables.events):
            db.execute(table.delete())
        db.commit()
    ledger.close()

    assert len(plans) >= 14
    assert [statement for statement, key in plans if key is None] == []


def test_records_beside_items_and_the_audit_are_read_from_an_index_in_order(mysql_server, tmp_path):
    store = emptied("mysql", tmp_path, StoreOptions(mysql_url=mysql_server))
    store.init()
    ledger = open_ledger({"STORE": "mysql", "MYSQL_URL": mysql_server}.get, tmp_path / "x", OFFICE)
    ats = [(START + timedelta(minutes=n)).isoformat() for n in range(2000)]
    records = {f"k{n}": {"key": f"k{n}", "group": f"g{n % 9}", "at": ats[n]} for n in range(2000)}
    changes = [
        {"at": n, "user": f"u{n % 7}", "address": "", "action": f"a{n % 9}", "subject": "s",
         "before": "1", "after": "1", "outcome": "done"} for n in range(2000)
    ]  # fmt: skip
    asked = []

    def note(*call):
        asked.append(call[2:4])

    with store:
        book, trail = store.book(TOPICS), Audit(ledger)
        book.change([*records], lambda key, _: records[key])
        ledger.transact(lambda db: db.execute(audit.delete()))
        ledger.transact(lambda db: db.execute(audit.insert(), changes))
        ledger.transact(lambda db: db.exec_driver_sql(f"ANALYZE TABLE {TOPICS}, audit").all())
        event.listen(Engine, "before_cursor_execute", note)
        for newest in (True, False):
            book.listed(newest=newest, limit=20)
            book.listed(group="g3", until=ats[900], newest=newest, limit=20)
        book.get(["k7", "k900"])
        next(book.scan())
        for whose in ({}, {"user": "u1"}, {"action": "a1"}, {"user": "u1", "action": "a1"}):
            trail.page(**whose, before_id=10**9)
        event.remove(Engine, "before_cursor_execute", note)
        plans = ledger.transact(
            lambda db: [
                (sql, db.exec_driver_sql(f"EXPLAIN {sql}", values).one()) for sql, values in asked
            ]
        )
        ledger.transact(lambda db: db.execute(audit.delete()))
    ledger.close()

    assert len(plans) == 10
    assert [s for s, plan in plans if plan.key is None or "filesort" in (plan.Extra or "")] == []


@pytest.mark.slow
def test_filled_tables_go_through_every_revision_down_and_up_and_keep_all_items(store):
    comment = Comment(platform="reddit", external_id="t1", url="u", root="reddit:t3_1", parent="x")
    store.save([a_post(n) for n in range(1100)])
    store.save([comment])
    database = Database(store.options)
    fill_every_table(database)
    before = [*store.scan()]

    migrate.downgrade(database, "0001")
    migrate.upgrade(database)
    wrong = [problem.split()[0] for problem in store.check()]  # `gleanery db init` fills these
    assert wrong == (["entries"] if store.name == "mysql+mongodb" else []) + ["categories"]
    open_store(store.name, "", store.options).init()
    database.close()

    assert store.check() == []
    assert [*store.scan()] == before
    wanted = ItemFilter(author="a7", language="ko", min_quality=0.7, published_since=START)
    assert len(store.page(wanted, limit=1000).rows) == 22
    assert [row["external_id"] for row in store.comments("reddit:t3_1").rows] == ["t1"]
    store.update("reddit:t3_7", lambda item: setattr(item, "author", "new"))
    assert len(store.page(ItemFilter(author="new")).rows) == 1


def fill_every_table(database):
    """Put a row into each table that has none; documents may be in MongoDB, all of them."""
    with database.engine.begin() as db:
        for table in metadata.sorted_tables:
            known = db.execute(select(func.count()).select_from(table)).scalar()
            if not known and table.name != "documents":
                db.execute(table.insert(), {c.name: a_value(db, c) for c in table.columns})


def a_value(db, column):
    if column.foreign_keys:
        (key,) = column.foreign_keys
        return db.execute(select(func.min(key.column))).scalar()
    kind = column.type.python_type
    return b"0" * 32 if kind is bytes else kind(0)


def test_an_upgrade_that_was_killed_goes_on(store):
    store.save([a_post(n) for n in range(10)])
    database = Database(store.options)
    migrate.downgrade(database, "0004")
    with database.engine.begin() as db:
        db.exec_driver_sql("ALTER TABLE items ADD COLUMN language VARCHAR(35)")
        db.exec_driver_sql("DROP INDEX items_platform ON items")

    migrate.upgrade(database)
    database.close()
    open_store(store.name, "", store.options).init()

    assert store.check() == []
    assert len(store.page(ItemFilter(language="ko")).rows) == 10


def test_mongodb_of_an_earlier_version_is_brought_up_to_date(tmp_path, store_options):
    store = emptied("mongodb", tmp_path, store_options("mongodb"))
    store.init()
    with store:
        store.save([a_post(n) for n in range(20)])
    db = connect(store.options)
    db["documents"].update_many({}, {"$unset": {"quality": 1}})
    db["documents"].drop_index("author")
    db["comments"].create_index("item.parent", name="parent")
    db["meta"].update_one({"_id": "schema"}, {"$set": {"version": 3}})

    store.init()

    with store:
        assert len(store.page(ItemFilter(min_quality=0.5)).rows) == 10
        assert len(store.page(ItemFilter(author="a7")).rows) == 1
    assert "parent" not in db["comments"].index_information()
    db.client.close()


def test_mongodb_reads_pages_from_an_index(tmp_path, store_options):
    store = emptied("mongodb", tmp_path, store_options("mongodb"))
    store.init()
    with store:
        store.save([a_post(n) for n in range(50)])
    db = connect(store.options)
    used = {}
    for wanted in ASKED:
        found = db["documents"].find(filter_of(wanted)).hint(wanted.index)
        plan = str(found.explain()["queryPlanner"]["winningPlan"])
        used[str(wanted)] = "IXSCAN" in plan
    db.client.close()

    assert all(used.values())
