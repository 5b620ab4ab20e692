"""What is each server's own: migrations, plans, indexes, paths, races between two servers."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from pymongo.errors import WriteError
from sqlalchemy.dialects import mysql as dialects

from gleanery.errors import ConfigError, StoreError, StoreUnavailableError, WriteRejectedError
from items import Annotation, Article, Comment, Post, Video, load_taxonomy
from storage import ItemFilter, StoreOptions, open_store
from storage.bookkeeping import Version
from storage.mongodb.database import connect
from storage.mongodb.documents import Documents
from storage.mysql import migrate
from storage.mysql.catalogue import enter
from storage.mysql.database import Database
from storage.mysql.hashing import hash_of
from storage.mysql.pages import search_query
from tests.contracts.store_items import odd_items
from tests.store_servers import emptied, keep

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)


def a_post(number: int, **more) -> Post:
    return Post(platform="reddit", external_id=f"t3_{number}", url="u", fetched_at=NOW, **more)


def gleanery(home: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GLEANERY_")}
    return subprocess.run(
        [sys.executable, "-m", "commands.app", *arguments],
        env=clean | {"GLEANERY_HOME": str(home)} | env,
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def mysql(tmp_path, store_options):
    store = emptied("mysql", tmp_path, store_options("mysql"))
    store.init()
    with store:
        yield store


@pytest.fixture
def both(tmp_path, store_options):
    store = emptied("mysql+mongodb", tmp_path, store_options("mysql+mongodb"))
    store.init()
    with store:
        yield store


def test_tables_go_down_and_up_again_and_are_those_of_the_program(mysql):
    mysql.save([a_post(n, title="서울 여행") for n in range(50)])
    assert mysql.check() == []

    handle = Database(mysql.options)
    migrate.downgrade(handle, "base")
    with pytest.raises(StoreError, match="gleanery db init"):
        mysql.save([a_post(1)])
    migrate.upgrade(handle)
    mysql.init()

    assert mysql.check() == []
    assert mysql.stats(classified_kinds=[]).total == 0
    alembic_check(handle)
    handle.close()


def test_filled_tables_go_down_and_up_revision_by_revision_and_keep_their_items(mysql):
    said = [Annotation(tool="classify", engine="e5", version="1", value={"category": "food"})]
    odd = [replace(item, annotations=said) for item in odd_items() if not half_a_pair(item)]
    mysql.save([*odd, *(a_post(n, annotations=said) for n in range(600))])
    before, labels = list(mysql.scan()), mysql.model_labels()
    handle = Database(mysql.options)
    revisions = sorted(path.name[:4] for path in migrate.SCRIPTS.glob("versions/0*.py"))

    for revision in reversed(revisions):
        migrate.downgrade(handle, revision)
    for revision in revisions:
        migrate.upgrade(handle, revision)
    mysql.init()

    assert (list(mysql.scan()), mysql.model_labels(), mysql.check()) == (before, labels, [])
    alembic_check(handle)
    handle.close()


def half_a_pair(item) -> bool:
    return "\\ud800" in json.dumps(item.to_dict())


def alembic_check(handle):
    """Do ``alembic check``: raise if the tables' description asks for another revision."""
    config = Config()
    config.set_main_option("script_location", str(migrate.SCRIPTS))
    with handle.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.check(config)


def test_labels_of_items_that_were_there_before_the_table_are_filled_in(both, mysql):
    """Where documents are in MySQL by the migration, else by ``gleanery db init``."""
    said = [Annotation(tool="classify", engine="e5", version="1", value={"category": "food"})]
    for store in (both, mysql):
        store.delete([a_post(n).identity for n in range(3)])
        store.save([a_post(n, annotations=said) for n in range(3)])
        counted = store.model_labels()
        handle = Database(store.options)
        migrate.downgrade(handle, "0010")
        migrate.upgrade(handle)
        if store is both:
            assert store.model_labels() == []
            assert any("gleanery db init" in problem for problem in store.check())
        store.init()
        with handle.engine.connect() as db:
            named = db.exec_driver_sql(
                "SELECT count(*), min(taxonomy) FROM labels JOIN categories USING (category)"
            ).one()
        handle.close()

        assert (store.model_labels(), store.check()) == (counted, [])
        assert (counted[0].labels, *named) == (3, 3, load_taxonomy().version)


def test_the_sql_on_paper_drops_filled_tables_and_makes_the_same(mysql):
    mysql.save([a_post(1)])
    handle = Database(mysql.options)
    down, up = migrate.offline_sql(down="base"), migrate.offline_sql()
    with handle.engine.begin() as db:
        for statement in f"{down}DROP TABLE alembic_version;\n{up}".split(";\n"):
            if statement.strip():
                db.exec_driver_sql(statement)
    handle.close()
    mysql.init()  # finds the tables as they are to be

    assert mysql.check() == []
    assert mysql.stats(classified_kinds=[]).total == 0


ASKED = {
    "SELECT identity FROM items WHERE category = 'c3' ORDER BY fetched_at DESC, id DESC LIMIT 20":
        "items_category",
    "SELECT identity FROM items ORDER BY fetched_at DESC, id DESC LIMIT 20": "items_fetched_at",
    "SELECT id FROM items WHERE classified_at IS NULL AND kind = 'post' AND id > 0 LIMIT 500":
        "items_unclassified",
    "SELECT platform, count(*) FROM items GROUP BY platform": "items_platform",
    f"SELECT id FROM items WHERE identity_hash = x'{hash_of('reddit:t3_7').hex()}'":
        "items_identity",
    "SELECT item_id FROM labels WHERE category = 'c3' ORDER BY item_id LIMIT 20":
        "labels_category",
    "SELECT item_id FROM item_terms WHERE MATCH (terms) AGAINST ('+__tea' IN BOOLEAN MODE)":
        "item_terms_terms",
}  # fmt: skip


def test_what_is_asked_often_is_answered_from_an_index(mysql):
    for start in range(0, 3000, 500):
        known = {"classified_at": NOW, "text": "tea"}
        said = [
            [Annotation(tool="classify", engine="e5", version="1", value={"category": f"c{n}"})]
            for n in range(20)
        ]
        mysql.save(
            [
                a_post(n, category=f"c{n % 20}", annotations=said[n % 20], **known)
                for n in range(start, start + 500)
            ]
        )
    handle = Database(mysql.options)

    with handle.engine.connect() as db:
        db.exec_driver_sql("ANALYZE TABLE items, item_terms, labels").all()
        used = {sql: db.exec_driver_sql(f"EXPLAIN {sql}").one().key for sql in ASKED}
        said, values = asked(search_query("tea", ItemFilter(kind="post"), 20))
        plan = db.exec_driver_sql(f"EXPLAIN {said}", values).all()
        before = looked_up(db)
        found = db.exec_driver_sql(said, values).all()
        read = looked_up(db) - before
    handle.close()

    assert used == ASKED
    assert [(p.table, p.type, "filesort" in (p.Extra or "")) for p in plan] == [
        ("item_terms", "fulltext", False),
        ("items", "eq_ref", False),
    ]
    assert len(found) == 20
    assert read < 100  # of the 3,000 that say it


def asked(query):
    """Return a query as the driver gets it."""
    compiled = query.compile(dialect=dialects.dialect(paramstyle="pyformat"))
    return str(compiled), compiled.construct_params()


def looked_up(db) -> int:
    """Return how many rows this connection has looked up by a key."""
    return int(db.exec_driver_sql("SHOW SESSION STATUS LIKE 'Handler_read_key'").one()[1])


def test_a_value_that_mysql_cannot_take_keeps_the_batch_out_of_both(both):
    with pytest.raises(WriteRejectedError, match="category"):
        both.save([a_post(1), a_post(2, category="x" * 200)])

    assert both.find("reddit:t3_1") is None
    assert both.stats(classified_kinds=[]).total == 0


def test_a_batch_that_only_mongodb_took_is_entered_when_it_is_saved_again(both):
    documents = Documents(both.options, alone=False)
    keep(documents, [a_post(1, title="tea"), a_post(2)])  # then the process died
    documents.mongo.close()
    assert both.stats(classified_kinds=[]).total == 0

    both.save([a_post(1, title="tea"), a_post(2)])

    assert both.stats(classified_kinds=[]).total == 2
    assert [row["identity"] for row in both.search("tea")] == ["reddit:t3_1"]


def test_an_older_revision_never_overwrites_the_catalogue(both):
    both.save([a_post(1, title="old")])
    both.save([a_post(1, title="new", category="food", classified_at=NOW)])
    handle = Database(both.options)
    late = Version(a_post(1, title="old").to_dict(), 1)

    standing = handle.transact(lambda db: enter(db, [late]))
    handle.close()

    assert standing == {}
    assert both.stats(classified_kinds=[]).categories == {"food": 1}
    assert (both.search("old"), len(both.search("new"))) == ([], 1)


def test_comments_have_a_path_from_their_root(both):
    def comment(name, parent):
        return Comment(
            platform="reddit", external_id=name, url="u", root="reddit:t3_1", parent=parent
        )

    both.save([comment("a", "reddit:t3_1")])
    both.save([comment("c/d", "reddit:b"), comment("b", "reddit:a"), comment("z", "reddit:gone")])
    db = connect(both.options)
    paths = {row["_id"]: row["path"] for row in db["comments"].find()}
    db.client.close()

    assert paths == {
        "reddit:a": "reddit:t3_1/reddit:a",
        "reddit:b": "reddit:t3_1/reddit:a/reddit:b",
        "reddit:c/d": "reddit:t3_1/reddit:a/reddit:b/reddit:c%2Fd",
        "reddit:z": "reddit:t3_1/reddit:gone/reddit:z",
    }


def test_mongodb_refuses_what_is_no_item_and_writes_to_its_journal(both):
    both.save([a_post(1)])
    db = connect(both.options)
    known = db["documents"].find_one()
    for wrong in (
        {"revision": "1"}, {"item": known["item"] | {"depth": "0"}}, {"item": "x"}, {"item": {}},
    ):  # fmt: skip
        with pytest.raises(WriteError):
            db["documents"].insert_one(known | {"_id": "other"} | wrong)
    written = db.write_concern.document
    db.client.close()

    assert written == {"w": 1, "j": True}
    assert both.stats(classified_kinds=[]).total == 1


def test_pages_expire_after_the_days_that_are_set(both):
    for days, seconds in ((7, 7 * 86400), (2, 2 * 86400), (0, None)):
        options = replace(both.options, raw_keep_days=days)
        open_store(both.name, "", options).init()
        db = connect(options)
        index = db["raw_pages"].index_information().get("stored_at", {})
        db.client.close()
        assert index.get("expireAfterSeconds") == seconds


@pytest.mark.parametrize("name", ["mysql", "mongodb", "mysql+mongodb"])
def test_a_store_without_an_address_says_which_setting_is_missing(name):
    with pytest.raises(ConfigError, match=r"GLEANERY_(MYSQL|MONGODB)_URL is not set"):
        open_store(name, "").open()


@pytest.mark.parametrize(
    ("name", "driver"),
    [("mysql", "sqlalchemy"), ("mongodb", "pymongo"), ("mysql+mongodb", "pymysql")],
)
def test_a_missing_driver_is_named_with_what_installs_it(name, driver, monkeypatch):
    for module in [m for m in sys.modules if m.startswith(("storage.m", "storage.combined"))]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, driver, None)

    with pytest.raises(ConfigError, match=r"pip install 'gleanery\[server\]'"):
        open_store(name, "").open()


@pytest.mark.filterwarnings("ignore:unclosed <socket")  # PyMySQL's own, when nobody listens
def test_a_server_that_is_away_is_said_to_be_away():
    options = StoreOptions(mysql_url="mysql://u:secret@127.0.0.1:9/x", store_timeout_seconds=1)

    with pytest.raises(StoreUnavailableError) as error:
        open_store("mysql", "", options).open()

    assert "secret" not in str(error.value)
    assert "secret" not in repr(options)


@pytest.mark.slow
def test_a_laptops_store_is_copied_and_compared(tmp_path, store_options):
    options = store_options("mysql+mongodb")
    emptied("mysql+mongodb", tmp_path, options)
    page = Article(
        platform="web",
        external_id="https://e.com/",
        url="u",
        raw_html=gzip.compress("<p>여행".encode()),
    )
    with open_store("sqlite", tmp_path / "gleanery.db") as laptop:
        laptop.save([a_post(n, title=f"글 {n} 🙂") for n in range(450)])
        laptop.save([page, Video(platform="youtube", external_id="v", url="u")])
    env = {"GLEANERY_MYSQL_URL": options.mysql_url, "GLEANERY_MONGODB_URL": options.mongodb_url}
    command = ("db", "copy", "--from", f"sqlite:{tmp_path}/gleanery.db", "--to", "mysql+mongodb",
               "--json")  # fmt: skip

    first = gleanery(tmp_path, *command, **env)
    again = gleanery(tmp_path, *command, **env)

    report = json.loads(first.stdout)
    assert (first.returncode, again.returncode, first.stderr) == (0, 0, "")
    assert (report["items"], report["missing"], report["differing"]) == (452, 0, 0)
    assert report["source_checksum"] == report["target_checksum"]
    assert json.loads(again.stdout) == report
    with open_store("mysql+mongodb", "", options) as servers:
        assert servers.raw(page.identity) == "<p>여행".encode()
        servers.update("reddit:t3_7", lambda item: setattr(item, "title", "other"))
    changed = gleanery(tmp_path, *command[:-1], **env)
    assert changed.returncode == 0  # copied anew: the laptop's title stands again


@pytest.mark.slow
def test_the_command_prepares_checks_and_migrates(tmp_path, store_options):
    url = store_options("mysql").mysql_url
    env = {"GLEANERY_MYSQL_URL": url, "GLEANERY_STORE": "mysql"}

    down = gleanery(tmp_path, "db", "migrate", "--down", "base", **env)
    missing = gleanery(tmp_path, "stats", **env)
    made = gleanery(tmp_path, "db", "init", **env)
    checked = gleanery(tmp_path, "db", "check", "--json", **env)

    assert (down.returncode, missing.returncode, made.returncode) == (0, 1, 0)
    assert "run `gleanery db init`" in missing.stderr
    assert json.loads(checked.stdout) == {"problems": []}
