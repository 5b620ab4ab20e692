"""Users, sessions and the audit, in a file and in MySQL."""

from __future__ import annotations

import pytest

pytest.importorskip("argon2", reason="needs gleanery[server]")

from gleanery.errors import ConfigError
from storage import StoreOptions
from storage.ledger import FileLedger, ServerLedger
from storage.office.audit import Audit
from storage.office.sessions import Sessions
from storage.office.tables import TABLES
from storage.office.users import Users


@pytest.fixture(params=["file", "mysql"])
def ledger(request, tmp_path):
    if request.param == "file":
        made = FileLedger(tmp_path / "admin.db", TABLES)
    else:
        made = in_mysql(request.getfixturevalue("mysql_server"))
    yield made
    made.close()


def in_mysql(url):
    from storage.mysql import migrate  # noqa: PLC0415 - an extra
    from storage.mysql.database import Database  # noqa: PLC0415

    options = StoreOptions(mysql_url=url)
    database = Database(options)
    migrate.upgrade(database)
    database.transact(lambda db: [db.execute(table.delete()) for table in TABLES])
    database.close()
    return ServerLedger(options)


def test_a_user_logs_in_until_removed(ledger):
    users = Users(ledger)
    sessions = Sessions(ledger, idle_seconds=60, longest_seconds=600)
    users.add("kim", "operator", "0123456789")

    token = sessions.begin("kim", "127.0.0.1")

    assert users.verify("kim", "0123456789") == users.all()[0]
    assert users.verify("kim", "0123456780") is None
    assert users.verify("nobody", "0123456789") is None
    session = sessions.find(token)
    assert (session.user, session.role, session.may("viewer"), session.may("admin")) == (
        "kim", "operator", True, False,
    )  # fmt: skip
    with pytest.raises(ConfigError, match="already"):
        users.add("kim", "admin", "another password")
    assert [*sessions.counted()] == ["kim"]
    assert sessions.counted()["kim"][0] == 1
    users.set_role("kim", "admin")
    users.set_role("kim", "admin")  # as it is: no row changes, and that is no error
    assert sessions.find(token).may("admin")
    with pytest.raises(ConfigError, match="no user"):
        users.set_role("lee", "viewer")
    users.remove("kim")
    assert sessions.find(token) is None
    with pytest.raises(ConfigError, match="no user"):
        users.remove("kim")


@pytest.mark.parametrize(
    ("idle", "longest"), [(0, 600), (600, 0)], ids=["idle", "long after its login"]
)
def test_a_session_ends_by_itself(ledger, idle, longest):
    Users(ledger).add("kim", "viewer", "0123456789")
    late = Sessions(ledger, idle_seconds=idle - 1, longest_seconds=longest - 1)

    token = late.begin("kim", "127.0.0.1")

    assert late.find(token) is None


def test_every_session_of_a_user_is_revoked(ledger):
    sessions = Sessions(ledger, idle_seconds=60, longest_seconds=600)
    Users(ledger).add("kim", "viewer", "0123456789")
    tokens = [sessions.begin("kim", "a"), sessions.begin("kim", "b")]

    assert sessions.revoke("kim") == 2
    assert [sessions.find(token) for token in tokens] == [None, None]


def test_a_change_is_noted_before_and_after(ledger):
    audit, seen = Audit(ledger), []
    with audit.change("kim", "::1", action="a", subject="하나 🎈", before={"x": 1}) as change:
        seen.append(audit.page()[0].outcome)
        change.after = {"x": "둘"}
    with pytest.raises(ValueError, match="no"), audit.change("lee", "", action="b", subject="s"):
        raise ValueError("no")

    newest, oldest = audit.page()

    assert (newest.outcome, oldest.outcome, seen) == ("failed: ValueError", "done", ["begun"])
    assert (oldest.subject, oldest.before, oldest.after) == ("하나 🎈", {"x": 1}, {"x": "둘"})
    assert audit.page(user="kim") == audit.page(action="a") == [oldest]
    assert audit.page(before_id=newest.id) == [oldest]
