"""``gleanery backup`` and ``restore`` with real servers: what comes back is what was there."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from gleanery.errors import StoreError
from items import Article, Post
from storage import StoreOptions, open_store
from storage.backup import complete, open_backup, redis, sqlite, thin_out, write_backup
from storage.copying import compare
from storage.mongodb.database import connect
from storage.mysql.database import Database
from storage.redis_address import open_redis
from tests.cli import gleanery
from tests.conftest import missing_server, redis_answers, wait_until
from tests.redis_servers import OwnRedis
from tests.store_servers import has_mongodb, mariadb, mariadb_program, mongodb, skip_without

ITEMS = [
    Post(
        platform="reddit", external_id=f"p{n}", url=f"https://r.example/{n}",
        title=f"글 {n} 'quoted' \\ 🙂", text="본문\n" * 20,
    )
    for n in range(520)
] + [
    Article(
        platform="web", external_id="https://w.example/a", url="https://w.example/a",
        title="Article", text="words " * 200, raw_html=gzip.compress(b"<p>\x00\xff raw</p>"),
    )
]  # fmt: skip


def filled(name, path, options=None):
    """Fill a store."""
    store = open_store(name, path, options or StoreOptions())
    store.init()
    with store:
        store.save(ITEMS[:-1])
        store.save(ITEMS[-1:])


@pytest.mark.slow
def test_both_databases_come_back_from_a_backup(tmp_path):
    """Into emptied servers; a second time only with --replace; a damaged backup never."""
    if mariadb_program() is None or shutil.which("mariadb-dump") is None:
        missing_server("mariadb-server")
    skip_without("pymongo")
    if not has_mongodb():
        missing_server("secantusdb")
    for name in ("sql", "doc", "home"):
        (tmp_path / name).mkdir()
    filled("sqlite", tmp_path / "kept.db")
    with mariadb(tmp_path / "sql") as mysql_url, mongodb(tmp_path / "doc") as mongodb_url:
        options = StoreOptions(mysql_url=mysql_url, mongodb_url=mongodb_url)
        filled("mysql+mongodb", tmp_path, options)
        env = {
            "GLEANERY_STORE": "mysql+mongodb",
            "GLEANERY_MYSQL_URL": mysql_url,
            "GLEANERY_MONGODB_URL": mongodb_url,
        }
        run = partial(gleanery, tmp_path / "home", **env)

        folder = Path(run("backup", "--to", str(tmp_path / "backups"), "--json").json["backup"])
        refused = run("restore", str(folder)).error
        drop_all(options)
        came = run("restore", str(folder), "--json")
        replaced = run("restore", str(folder), "--replace")

        assert "--replace" in refused
        assert came.returncode == replaced.returncode == 0, came.stderr + replaced.stderr
        assert came.json["restored"]["mongodb"]["documents"] == len(ITEMS)
        with (
            open_store("sqlite", tmp_path / "kept.db", StoreOptions()) as kept,
            open_store("mysql+mongodb", tmp_path, options) as back,
        ):
            assert compare(kept, back).complete
            assert back.check() == []
    dump = folder / "mysql.sql.gz"
    dump.write_bytes(dump.read_bytes()[:-1])
    with pytest.raises(StoreError, match="damaged"):
        open_backup(folder)


def drop_all(options):
    """As a new server would be."""
    database = Database(options)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("DROP DATABASE gleanery")
        connection.exec_driver_sql("CREATE DATABASE gleanery")
    database.close()
    documents = connect(options)
    documents.client.drop_database(documents.name)
    documents.client.close()


def test_redis_starts_on_a_snapshot_as_it_is_configured(tmp_path):
    """With an append-only file, as k8s/base sets it, and without."""
    if shutil.which("redis-cli") is None:
        missing_server("redis-tools")
    (tmp_path / "own").mkdir()
    source = OwnRedis(tmp_path / "own")
    try:
        with open_redis(source.url) as client:
            client.zadd("gleanery:{c}:queue", {f"r{n}": n for n in range(1000)})
            client.set("lease", "x", ex=1000)
        made = write_backup(tmp_path / "backups", {"redis": lambda f: redis.write(f, source.url)})
    finally:
        source.kill()

    for number, appendonly in enumerate(("yes", "no")):
        target = tmp_path / f"t{number}"
        redis.restore(made, target, replace=False)
        with pytest.raises(StoreError, match="--replace"):
            redis.restore(made, target, replace=False)
        with server(target, appendonly) as url, open_redis(url) as client:
            assert client.zcard("gleanery:{c}:queue") == 1000
            assert 0 < client.ttl("lease") <= 1000


@contextmanager
def server(folder, appendonly):
    url = f"unix://{folder / 's'}"
    command = [
        "redis-server", "--port", "0", "--unixsocket", str(folder / "s"), "--dir", str(folder),
        "--appendonly", appendonly,
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: redis_answers(url), seconds=60)
            yield url
        finally:
            process.kill()


def test_embedded_files_come_back(tmp_path):
    home, other = tmp_path / "home", tmp_path / "other"
    home.mkdir()
    before = home / "gleanery.db"
    filled("sqlite", before)

    made = write_backup(
        tmp_path / "backups", {"sqlite": lambda folder: sqlite.write(folder, home, before)}
    )
    sqlite.restore(made, other, other / "gleanery.db", replace=False)

    with open_store("sqlite", before) as one, open_store("sqlite", other / "gleanery.db") as two:
        assert compare(one, two).complete
    with pytest.raises(StoreError, match="--replace"):
        sqlite.restore(made, other, other / "gleanery.db", replace=False)


def test_a_backup_is_whole_or_not_there_and_old_ones_go(tmp_path):
    def write(folder):
        (folder / "f").write_text("x", encoding="utf-8")
        return {"rows": 1}

    def fail(folder):
        raise StoreError("away")

    with pytest.raises(StoreError, match="away"):
        write_backup(tmp_path, {"one": write, "two": fail})
    left = list(tmp_path.iterdir())
    made = write_backup(tmp_path, {"one": write})
    for name in ("20250101T000000Z", "20250102T000000Z"):
        shutil.copytree(made, tmp_path / name)
    (tmp_path / ".partial-20250103T000000Z").mkdir()

    gone = thin_out(tmp_path, 2)

    assert left == []
    assert [p.name for p in gone] == ["20250101T000000Z", ".partial-20250103T000000Z"]
    assert [p.name for p in complete(tmp_path)] == ["20250102T000000Z", made.name]
    assert open_backup(made)[0].counts == {"rows": 1}
    assert json.loads((made / "manifest.json").read_text(encoding="utf-8"))["files"].keys() == {"f"}
    (made / "f").write_text("y", encoding="utf-8")
    with pytest.raises(StoreError, match="damaged"):
        open_backup(made)
