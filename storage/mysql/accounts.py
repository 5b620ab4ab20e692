"""Accounts in MySQL or MariaDB: ``CREATE USER``, ``GRANT``, and ``REVOKE`` of what is too much."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from sqlalchemy import exc

from storage.accounts import (
    DELETE,
    MIGRATOR,
    READ,
    WRITE,
    Rights,
    account_name,
    rights_of,
)
from storage.mysql.database import Database, translated
from storage.mysql.schema import metadata

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from storage.options import StoreOptions

TABLES = {*metadata.tables, "alembic_version"}
_ACTIONS: dict[Rights, tuple[str, ...]] = {
    READ: ("SELECT",),
    WRITE: ("INSERT", "SELECT", "UPDATE"),
    DELETE: ("DELETE", "INSERT", "SELECT", "UPDATE"),
}
_SHAPING = (
    *("ALTER", "CREATE", "DELETE", "DROP", "INDEX", "INSERT", "REFERENCES", "SELECT", "UPDATE"),
)
"""Of the migrator, on every table, also on those of later versions."""
_EXISTS = 1396
"""``ER_CANNOT_USER``: such an account is there."""
_LEVELS = (
    ("*.*", "USER_PRIVILEGES", "'' AS place, '' AS inner_place"),
    ("{place}.*", "SCHEMA_PRIVILEGES", "TABLE_SCHEMA AS place, '' AS inner_place"),
    ("{place}.{inner}", "TABLE_PRIVILEGES", "TABLE_SCHEMA AS place, TABLE_NAME AS inner_place"),
)
"""Form of a place in ``GRANT``, the view that lists what is granted, and its columns."""


class Grant(NamedTuple):
    """One right at one place, as ``GRANT`` writes it."""

    place: str
    action: str


def grants(service: str, database: str) -> set[Grant]:
    """Return all that a service's account is to have."""
    if service == MIGRATOR:  # in a pattern `_` would be any character
        pattern = database.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%")
        return {Grant(f"{_quoted(pattern)}.*", action) for action in _SHAPING}
    return {
        Grant(f"{_quoted(database)}.{_quoted(table)}", action)
        for table, rights in rights_of(service, TABLES).items()
        for action in _ACTIONS[rights]
    }


class AccountExistsError(Exception):
    """There is such an account."""


class MysqlAccounts:
    """Accounts of one database, changed through an administrator's connection."""

    name: ClassVar[str] = "MySQL"
    variable: ClassVar[str] = "GLEANERY_MYSQL"

    def __init__(
        self, options: StoreOptions, *, host: str = "%", require_tls: bool = False
    ) -> None:
        """Prepare; nothing is connected yet.

        Args:
            options: An administrator's address: he must be allowed to create users and to grant.
            host: From where accounts may connect, e.g. ``%`` or ``10.0.0.%``.
            require_tls: Whether they may only do so encrypted.

        Raises:
            ConfigError: ``MYSQL_URL`` is missing or malformed.
        """
        self._database = Database(options)
        self._url = self._database.engine.url
        self._host = host
        self._tls = " REQUIRE SSL" if require_tls else ""

    def account(self, service: str) -> str:
        return account_name(str(self._url.database), service)

    def address(self, service: str) -> str:
        url = self._url.set(drivername="mysql", username=self.account(service))
        return url._replace(password=None).render_as_string()

    def on_paper(self, service: str) -> list[str]:
        account = f"'{self.account(service)}'@'{self._host}'"
        password = f"<password of {self.account(service)}>"
        by_place: dict[str, list[str]] = {}
        for place, action in sorted(grants(service, str(self._url.database))):
            by_place.setdefault(place, []).append(action)
        return [
            f"CREATE USER {account} IDENTIFIED BY '{password}'{self._tls};",
            *(f"GRANT {', '.join(a)} ON {place} TO {account};" for place, a in by_place.items()),
        ]

    def create(self, service: str, password: str) -> bool:
        try:
            self._run(f"CREATE USER %s@%s IDENTIFIED BY %s{self._tls}", service, password)
        except AccountExistsError:
            return False
        return True

    def grant(self, service: str) -> None:
        """Give what is missing, then take what is too much: a running service notices nothing."""
        wanted = grants(service, str(self._url.database))
        there = self._database.transact(lambda db: self._granted(db, service))
        for place, action in sorted(wanted - there):
            self._run(f"GRANT {action} ON {_escaped(place)} TO %s@%s", service)
        for place, action in sorted(there - wanted):
            self._run(f"REVOKE {action} ON {_escaped(place)} FROM %s@%s", service)
        if self._tls:
            self._run(f"ALTER USER %s@%s{self._tls}", service)

    def set_password(self, service: str, password: str) -> None:
        self._run("ALTER USER %s@%s IDENTIFIED BY %s", service, password)

    def _granted(self, db: Connection, service: str) -> set[Grant]:
        grantee = f"'{self.account(service)}'@'{self._host}'"
        found = set()
        for form, view, columns in _LEVELS:
            query = (
                f"SELECT PRIVILEGE_TYPE AS action, IS_GRANTABLE AS passed_on, {columns}"  # noqa: S608
                f" FROM information_schema.{view} WHERE GRANTEE = %s"
            )
            for row in db.exec_driver_sql(query, (grantee,)):
                place = form.format(place=_quoted(row.place), inner=_quoted(row.inner_place))
                found.add(Grant(place, row.action))
                if row.passed_on == "YES":
                    found.add(Grant(place, "GRANT OPTION"))
        return {grant for grant in found if grant.action != "USAGE"}

    def _run(self, statement: str, service: str, *more: str) -> None:
        # The driver fills in the values; errors do not show them.
        with translated(self._database.where), self._database.engine.begin() as db:
            try:
                db.exec_driver_sql(statement, (self.account(service), self._host, *more))
            except exc.OperationalError as error:
                if error.orig and error.orig.args[0] == _EXISTS:
                    raise AccountExistsError(self.account(service)) from error
                raise


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _escaped(place: str) -> str:
    return place.replace("%", "%%")
