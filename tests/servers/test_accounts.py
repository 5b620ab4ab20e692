"""``gleanery db accounts``: each account can do its work, and nothing else."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from sqlalchemy import text

from gleanery.errors import ConfigError, StoreError
from items import Post
from storage import StoreOptions, open_store
from storage.accounts import RIGHTS, SERVICES
from storage.credentials import given_passwords
from storage.mysql.accounts import TABLES
from storage.mysql.database import Database
from storage.mysql.schema import metadata
from tests.cli import gleanery
from tests.contracts.store_items import CLASSIFIED, NOW, POST
from tests.crawl import scrapy_crawl
from tests.graph_site import GraphSite
from tests.store_servers import emptied

SHAPING = {
    "CREATE TABLE mine (a INT)": "migrator",
    "ALTER TABLE items ADD COLUMN mine INT": "migrator",
    "DROP TABLE mine": "migrator",
    "CREATE USER mine": "",
    "GRANT ALL ON *.* TO CURRENT_USER": "",
    "CREATE DATABASE mine": "",
    "SELECT * FROM mysql.global_priv": "",
}
"""Statement → the only account that may."""
REFUSED = {1044, 1045, 1142, 1143, 1227}


@contextmanager
def no_accounts_left(options: StoreOptions, host: str = "%"):
    yield
    database = Database(options)
    with database.engine.begin() as db:
        for service in SERVICES:
            name = f"{database.engine.url.database}_{service}"
            db.exec_driver_sql("DROP USER IF EXISTS %s@%s", (name, host))
    database.close()


@pytest.fixture(scope="module")
def mysql(tmp_path_factory, mysql_server):
    """The home of an administrator who has made every account on a filled MariaDB."""
    home = tmp_path_factory.mktemp("accounts")
    options = StoreOptions(mysql_url=mysql_server)
    emptied("mysql", home, options).init()
    with open_store("mysql", "", options) as store:
        store.save([CLASSIFIED])
    with no_accounts_left(options):
        made = gleanery(home, "db", "accounts", "--json", **administrator(options))
        assert [row["state"] for row in made.json] == ["created"] * len(SERVICES), made.stderr
        yield home, options


def administrator(options: StoreOptions) -> dict[str, str]:
    return {"GLEANERY_STORE": "mysql", "GLEANERY_MYSQL_URL": options.mysql_url}


def as_service(home, service: str) -> dict[str, str]:
    return given_passwords(home / "accounts" / f"{service}.env")


def options_of(home, service: str) -> StoreOptions:
    return StoreOptions.read(lambda name: as_service(home, service).get(f"GLEANERY_{name}"))


def outcome(database: Database, statement: str) -> str:
    """Try it, keep nothing: ``refused`` for want of a right, else ``allowed``."""
    with database.engine.connect() as db:
        try:
            db.exec_driver_sql(statement)
        except Exception as error:
            code = getattr(error, "orig", error).args[0]
            return "refused" if code in REFUSED else "allowed"
        finally:
            db.rollback()
    return "allowed"


def touches(table: str) -> dict[str, str]:
    column = metadata.tables[table].columns.keys()[0] if table in metadata.tables else "version_num"
    return {
        "r": f"SELECT 1 FROM {table} LIMIT 0",
        "w": f"UPDATE {table} SET {column} = {column} WHERE FALSE",
        "i": f"INSERT INTO {table} ({column}) SELECT {column} FROM {table} WHERE FALSE",
        "d": f"DELETE FROM {table} WHERE FALSE",
    }


@pytest.mark.parametrize("service", [s for s in SERVICES if s != "migrator"])
def test_an_account_may_do_to_each_table_what_the_map_says_and_no_more(mysql, service):
    database = Database(options_of(mysql[0], service))

    found = {
        table: "".join(
            letter for letter, sql in touches(table).items()
            if outcome(database, sql) == "allowed"
        )
        for table in sorted(TABLES)
    }  # fmt: skip
    database.close()

    meant = {"": "", "r": "r", "rw": "rwi", "rwd": "rwid"}
    assert found == {table: meant[RIGHTS[table].get(service, "")] for table in sorted(TABLES)}


@pytest.mark.parametrize("service", SERVICES)
def test_only_the_migrator_changes_tables_and_nobody_makes_users(mysql, service):
    database = Database(options_of(mysql[0], service))

    found = {statement: outcome(database, statement) for statement in SHAPING}
    if service == "migrator":
        database.transact(lambda db: db.exec_driver_sql("ALTER TABLE items DROP COLUMN mine"))
    database.close()

    expected = {s: "allowed" if who == service else "refused" for s, who in SHAPING.items()}
    assert found == expected


@pytest.mark.slow
def test_each_program_runs_with_its_account(mysql):
    """A crawl, quality, an export, a search, and the tables made anew."""
    home, _ = mysql
    settings = {"SPIDER_MODULES": "tests.spiders"}
    with GraphSite({0: [1, 2], 1: [0], 2: []}) as site:
        crawl = scrapy_crawl("graph", home, settings=settings, env=as_service(home, "crawl"),
                             page=f"{site.url}/page/0", max_depth=2)  # fmt: skip

    quality = gleanery(home, "quality", "--json", **as_service(home, "crawl"))
    export = gleanery(home, "export", "--out", str(home / "set"), "--min-quality", "0", "--json",
                      **as_service(home, "exporter"))  # fmt: skip
    search = gleanery(home, "search", "여행", "--json", **as_service(home, "client"))
    stats = gleanery(home, "stats", "--json", **as_service(home, "client"))
    checked = gleanery(home, "db", "check", "--json", **as_service(home, "migrator"))
    assert (crawl.returncode, crawl.stats["item_scraped_count"]) == (0, 3), crawl.log
    assert (quality.returncode, export.returncode) == (0, 0), export.stderr
    assert sum(export.json["items"].values()) >= 1
    assert [row["identity"] for row in search.json] == ["reddit:t3_a"]
    assert (stats.json["total"], checked.json) == (4, {"problems": []})

    down = gleanery(home, "db", "migrate", "--down", "base", **as_service(home, "migrator"))
    up = gleanery(home, "db", "init", **as_service(home, "migrator"))
    assert (down.returncode, up.returncode) == (0, 0), up.stderr
    with open_store("mysql", "", options_of(home, "crawl")) as store:
        store.save([POST])
        assert store.update(POST.identity, lambda item: setattr(item, "title", "x"))
    with open_store("sqlite", home / "laptop.db") as laptop:
        laptop.save([CLASSIFIED])
    copied = gleanery(home, "db", "copy", "--from", f"sqlite:{home}/laptop.db", "--to", "mysql",
                      "--json", **as_service(home, "admin"))  # fmt: skip
    assert copied.json["complete"], copied.stderr


def test_a_refused_write_is_told_as_such(mysql):
    with (
        open_store("mysql", "", options_of(mysql[0], "client")) as store,
        pytest.raises(StoreError, match=r"denied.*권한이 없습니다"),
    ):
        store.save([Post(platform="reddit", external_id="t3_n", url="u", fetched_at=NOW)])


def test_passwords_are_in_files_that_only_the_owner_reads(mysql):
    home, options = mysql
    files = sorted((home / "accounts").iterdir())
    passwords = [as_service(home, s)["GLEANERY_MYSQL_PASSWORD"] for s in SERVICES]

    said = gleanery(home, "db", "accounts", **administrator(options))
    said_json = gleanery(home, "db", "accounts", "--json", **administrator(options))

    assert [f.name for f in files] == sorted(f"{s}.env" for s in SERVICES)
    assert {f.stat().st_mode & 0o777 for f in files} == {0o600}
    assert len(set(passwords)) == len(SERVICES)
    out = said.stdout + said.stderr + said_json.stdout + said_json.stderr
    assert [p for p in passwords if p in out] == []
    assert {row["state"] for row in said_json.json} == {"as it was"}
    with open_store("mysql", "", options_of(home, "crawl")):
        pass  # the old password still stands


@pytest.mark.slow
def test_one_service_gets_a_new_password_or_a_given_one(mysql, tmp_path):
    home, options = mysql
    before = {s: as_service(home, s) for s in SERVICES}
    given = tmp_path / "given"
    given.write_text("client=Given'\\ \"password\n")
    given.chmod(0o600)
    command = ("db", "accounts", "--service")

    rotated = gleanery(home, *command, "crawl", "--rotate", "--json", **administrator(options))
    as_given = gleanery(home, *command, "client", "--passwords", str(given),
                        **administrator(options))  # fmt: skip
    given.chmod(0o644)
    open_file = gleanery(home, *command, "client", "--passwords", str(given),
                         **administrator(options))  # fmt: skip
    unknown = gleanery(home, *command, "clients", **administrator(options))

    assert [(r["account"].rpartition("_")[2], r["state"]) for r in rotated.json] == [
        ("crawl", "new password")
    ]
    assert as_given.returncode == 0, as_given.stderr
    changed = {s for s in SERVICES if as_service(home, s) != before[s]}
    assert changed == {"crawl", "client"}
    for service in changed:
        with open_store("mysql", "", options_of(home, service)):
            pass
    old = StoreOptions.read(lambda name: before["crawl"].get(f"GLEANERY_{name}"))
    with pytest.raises(StoreError, match="Access denied"):
        open_store("mysql", "", old).open()
    assert "chmod 600" in open_file.error
    assert "there are migrator, crawl, admin, client, exporter" in unknown.error


def test_who_may_not_make_accounts_is_refused_and_nothing_changes(mysql):
    home, _ = mysql
    before = {path.name: path.read_bytes() for path in (home / "accounts").iterdir()}

    refused = gleanery(home, "db", "accounts", "--rotate", **as_service(home, "admin"))

    assert "CREATE USER" in refused.error
    assert {path.name: path.read_bytes() for path in (home / "accounts").iterdir()} == before


def test_rights_that_somebody_added_are_taken_back(mysql):
    home, options = mysql
    database = Database(options)
    account = f"'{database.engine.url.database}_client'@'%'".replace("%", "%%")
    with database.engine.begin() as db:
        db.exec_driver_sql(f"GRANT DELETE, SELECT ON items TO {account} WITH GRANT OPTION", ())
        db.exec_driver_sql(f"GRANT PROCESS ON *.* TO {account}", ())

    gleanery(home, "db", "accounts", "--service", "client", **administrator(options))

    with database.engine.connect() as db:
        found = [row[0] for row in db.exec_driver_sql(f"SHOW GRANTS FOR {account}", ())]
    database.close()
    assert [g for g in found if "DELETE" in g or "PROCESS" in g or "GRANT OPTION" in g] == []
    assert any("`items`" in g for g in found)


@pytest.mark.slow
def test_what_is_printed_makes_the_same_accounts(mysql, tmp_path):
    """The statements on paper, run by hand, leave nothing for the command to change."""
    _, options = mysql
    printed = gleanery(tmp_path, "db", "accounts", "--print", "--host", "127.0.0.1",
                       **administrator(options))  # fmt: skip
    database = Database(options)
    with no_accounts_left(options, "127.0.0.1"):
        with database.engine.begin() as db:
            for statement in printed.stdout.splitlines():
                db.execute(text(statement.replace("\\", "\\\\").replace(":", "\\:")))

        def granted():
            with database.engine.connect() as db:
                return {
                    service: sorted(
                        row[0].partition("IDENTIFIED")[0] for row in db.exec_driver_sql(
                            "SHOW GRANTS FOR %s@'127.0.0.1'",
                            (f"{database.engine.url.database}_{service}",),
                        )
                    )
                    for service in SERVICES
                }  # fmt: skip

        by_hand = granted()
        again = gleanery(tmp_path, "db", "accounts", "--host", "127.0.0.1", "--json",
                         **administrator(options))  # fmt: skip
        assert {row["state"] for row in again.json} == {"as it was"}, again.stderr
        assert granted() == by_hand
    database.close()
    assert "<password of" in printed.stdout


def test_the_embedded_store_has_no_accounts(tmp_path):
    refused = gleanery(tmp_path, "db", "accounts")

    assert refused.returncode == 2
    assert "sqlite has no accounts" in refused.error


def test_a_password_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(ConfigError, match="none"):
        given_passwords(tmp_path / "none")
