"""Accounts of MongoDB, on a server that asks for passwords.

The server for tests keeps roles, but heeds their actions only, not the collections they name: what
is held here by collection is run where ``GLEANERY_MONGODB_URL`` names an administrator of a MongoDB
that asks for passwords.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace

import pytest

from gleanery.errors import StoreError
from items import Comment, Proposal
from storage import StoreOptions, open_store
from storage.accounts import RIGHTS, SERVICES
from storage.credentials import given_passwords
from storage.mongodb.accounts import privileges
from storage.mongodb.database import connect
from storage.mongodb.schema import COLLECTIONS
from tests.cli import gleanery
from tests.conftest import missing_server
from tests.contracts.store_items import CLASSIFIED, NOW, POST
from tests.contracts.test_store_transcripts import SPOKEN
from tests.servers.test_accounts import no_accounts_left
from tests.store_servers import emptied, has_mongodb, running_mongodb, scratch_mongodb, skip_without

REFUSED = 13
ACTIONS = {"r": {"r"}, "rw": {"r", "w"}, "rwd": {"r", "w", "d"}, "": set()}


@pytest.fixture(scope="module")
def administrator(tmp_path_factory):
    """The address of an administrator."""
    skip_without("pymongo")
    if url := os.environ.get("GLEANERY_MONGODB_URL"):
        if "@" not in url:
            pytest.skip("GLEANERY_MONGODB_URL names no account: its server asks for no passwords")
        with scratch_mongodb(url) as scratch:
            yield scratch
        return
    if not has_mongodb():
        missing_server("secantusdb")
    folder = tmp_path_factory.mktemp("mongodb")
    with running_mongodb(folder) as (process, url):
        db = connect(StoreOptions(mongodb_url=url))
        db.client.admin.command("createUser", "root", pwd="root-secret", roles=["root"])
        db.client.close()
        process.terminate()  # not killed: it flushes what it knows
        process.wait()
    with running_mongodb(folder, options=("--auth",)) as (_, url):
        yield url.replace("//", "//root:root-secret@") + "&authSource=admin"


@pytest.fixture(scope="module")
def home(tmp_path_factory, administrator):
    """A home with every account, made before anything else, and a store that the migrator made."""
    home = tmp_path_factory.mktemp("home")
    env = {"GLEANERY_STORE": "mongodb", "GLEANERY_MONGODB_URL": administrator}
    made = gleanery(home, "db", "accounts", "--json", **env)
    assert [row["state"] for row in made.json] == ["created"] * len(SERVICES), made.stderr
    init = gleanery(home, "db", "init", **as_service(home, "migrator"))
    assert init.returncode == 0, init.stderr
    yield home
    db = connect(StoreOptions(mongodb_url=administrator))
    for service in SERVICES:
        with suppress(Exception):
            db.command("dropUser", f"{db.name}_{service}")
            db.command("dropRole", f"{db.name}_{service}")
    db.client.close()


def as_service(home, service: str) -> dict[str, str]:
    return given_passwords(home / "accounts" / f"{service}.env")


def options_of(home, service: str) -> StoreOptions:
    return StoreOptions.read(lambda name: as_service(home, service).get(f"GLEANERY_{name}"))


def may(work) -> bool:
    from pymongo.errors import OperationFailure  # noqa: PLC0415 - an extra

    try:
        work()
    except OperationFailure as error:
        return error.code != REFUSED
    return True


@pytest.mark.parametrize("service", [s for s in SERVICES if s != "migrator"])
def test_an_account_may_do_what_the_map_says(home, service):
    db = connect(options_of(home, service))

    found = {
        name: {
            letter for letter, work in {
                "r": lambda c: c.find_one({"_id": "none"}),
                "w": lambda c: c.update_one({"_id": "none"}, {"$set": {"x": 1}}),
                "d": lambda c: c.delete_one({"_id": "none"}),
            }.items() if may(lambda work=work, name=name: work(db[name]))
        }
        for name in COLLECTIONS
    }  # fmt: skip
    db.client.close()

    meant = {name: ACTIONS[RIGHTS[name].get(service, "")] for name in COLLECTIONS}
    if os.environ.get("GLEANERY_MONGODB_URL"):
        assert found == meant
    else:  # the server for tests does not tell collections apart
        assert found == dict.fromkeys(COLLECTIONS, set().union(*meant.values()))


@pytest.mark.parametrize("service", SERVICES)
def test_only_the_migrator_shapes_collections_and_nobody_makes_users(home, service):
    db = connect(options_of(home, service))

    found = {
        "create": may(lambda: db.create_collection("mine")),
        "index": may(lambda: db["documents"].create_index("mine")),
        "drop index": may(lambda: db["documents"].drop_index("mine_1")),
        "drop": may(db["mine"].drop),
        "user": may(lambda: db.command("createUser", "mine", pwd="mine", roles=[])),
    }
    db.client.close()

    shapes = service == "migrator"
    assert found == {"create": shapes, "index": shapes, "drop index": shapes,
                     "drop": False, "user": False}  # fmt: skip


def test_each_program_runs_with_its_account(home):
    words = dict.fromkeys(("name_ko", "name_en", "description_ko", "description_en"), "말")
    proposal = Proposal(
        key="tea", parent="food", evidence=["a"], engine="e", version="1", proposed_at=NOW, **words
    )
    with open_store("mongodb", "", options_of(home, "crawl")) as store:
        comment = Comment(platform="reddit", external_id="t1_c", url="u", root=POST.identity)
        store.save([CLASSIFIED, comment])
        assert store.update(POST.identity, lambda item: setattr(item, "score", 9))
        assert store.propose([proposal]) == 1
    for service in ("client", "exporter"):
        with open_store("mongodb", "", options_of(home, service)) as store:
            assert [row["kind"] for row in store.scan()] == ["post", "comment"]
            assert store.stats(classified_kinds=["post"]).total == 2
            with pytest.raises(StoreError, match="not authorized"):
                store.save([POST])
    checked = gleanery(home, "db", "check", "--json", **as_service(home, "migrator"))
    assert checked.json == {"problems": []}


@pytest.mark.slow
def test_a_new_password_replaces_the_old_one(home, administrator):
    env = {"GLEANERY_STORE": "mongodb", "GLEANERY_MONGODB_URL": administrator}
    before = {s: as_service(home, s) for s in SERVICES}

    kept = gleanery(home, "db", "accounts", "--json", **env)
    changed = gleanery(home, "db", "accounts", "--service", "client", "--rotate", "--json", **env)

    assert {row["state"] for row in kept.json} == {"as it was"}
    assert [row["state"] for row in changed.json] == ["new password"]
    assert {s for s in SERVICES if as_service(home, s) != before[s]} == {"client"}
    with open_store("mongodb", "", options_of(home, "client")):
        pass
    old = StoreOptions.read(lambda name: before["client"].get(f"GLEANERY_{name}"))
    with pytest.raises(StoreError, match=r"[Aa]uthentication failed"):
        open_store("mongodb", "", old).open()


@pytest.mark.slow
def test_with_both_servers_one_file_a_service_is_enough(
    home, administrator, mysql_server, tmp_path
):
    both = "mysql+mongodb"
    env = {"GLEANERY_STORE": both, "GLEANERY_MONGODB_URL": administrator,
           "GLEANERY_MYSQL_URL": mysql_server}  # fmt: skip
    options = StoreOptions(mysql_url=mysql_server)
    emptied("mysql", tmp_path, options)
    with no_accounts_left(options):
        made = [
            gleanery(tmp_path, "db", "accounts", "--service", "migrator", "--rotate", **env),
            gleanery(tmp_path, "db", "init", **as_service(tmp_path, "migrator")),
            gleanery(tmp_path, "db", "accounts", "--rotate", **env),
            gleanery(tmp_path, "db", "check", **as_service(tmp_path, "migrator")),
        ]
        assert [done.returncode for done in made] == [0, 0, 0, 0], made
        with open_store(both, "", options_of(tmp_path, "crawl")) as store:
            store.save([CLASSIFIED])
            store.update(POST.identity, lambda item: setattr(item, "score", 11))
            store.save_transcript(replace(SPOKEN, identity=POST.identity))
            with pytest.raises(StoreError, match="denied"):
                store.delete([POST.identity])
        with open_store(both, "", options_of(tmp_path, "client")) as store:
            assert [row["score"] for row in store.search("여행")] == [11]
            assert len(store.transcripts(POST.identity)) == 1
        with open_store(both, "", options_of(tmp_path, "admin")) as store:
            assert store.delete([POST.identity]) == [POST.identity]
            assert store.transcripts(POST.identity) == []


def test_roles_name_collections_one_by_one():
    """As they are sent; nobody but the migrator has a right to every collection.

    But to ask how large all are.
    """
    read = {"resource": {"db": "g", "collection": "documents"}, "actions": ["find"]}
    exporters = privileges("exporter", "g")
    assert read in exporters
    assert {tuple(p["actions"]) for p in exporters} == {("find",)}
    assert "raw_pages" not in {p["resource"]["collection"] for p in exporters}
    wide = {
        s
        for s in SERVICES
        for p in privileges(s, "g")
        if not p["resource"]["collection"] and p["actions"] != ["dbStats"]
    }
    assert wide == {"migrator"}


@pytest.mark.slow
def test_what_is_printed_asks_for_passwords(home, administrator):
    env = {"GLEANERY_STORE": "mongodb", "GLEANERY_MONGODB_URL": administrator}

    printed = gleanery(home, "db", "accounts", "--print", "--service", "exporter", **env)

    role, user = printed.stdout.splitlines()
    assert "createRole({role:" in role
    assert "pwd: passwordPrompt()" in user
    assert "root-secret" not in printed.stdout
