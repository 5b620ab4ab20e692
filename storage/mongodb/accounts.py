"""Accounts in MongoDB: a role of our own for each service, and a user that has it and no other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from pymongo.errors import OperationFailure

from storage.accounts import DELETE, MIGRATOR, MONITOR, READ, WRITE, Rights, account_name, rights_of
from storage.mongodb.database import connect, translated
from storage.mongodb.schema import COLLECTIONS

if TYPE_CHECKING:
    from storage.mongodb.database import Document
    from storage.options import StoreOptions

_ACTIONS: dict[Rights, list[str]] = {
    READ: ["find"],
    WRITE: ["find", "insert", "update"],
    DELETE: ["find", "insert", "remove", "update"],
}
_SHAPING = [
    *("collMod", "createCollection", "createIndex", "dropIndex"),
    *("listCollections", "listIndexes"),
]
"""Of the migrator, on every collection, also on those of later versions; it reads none of them."""
_ROLE_EXISTS, _USER_EXISTS = 51002, 51003


def privileges(service: str, database: str) -> list[Document]:
    """Return what a service's role may do, as ``createRole`` takes it."""
    found = [
        _privilege(database, name, _ACTIONS[rights])
        for name, rights in rights_of(service, set(COLLECTIONS)).items()
    ]
    if service == MIGRATOR:
        found.append(_privilege(database, "", _SHAPING))
    if service == MONITOR:
        found.append(_privilege(database, "", ["dbStats"]))  # how large it is, nothing of it
    return found


class MongodbAccounts:
    """Accounts of one database, kept in it, changed through an administrator's connection."""

    name: ClassVar[str] = "MongoDB"
    variable: ClassVar[str] = "GLEANERY_MONGODB"

    def __init__(self, options: StoreOptions) -> None:
        """Prepare; nothing is connected yet.

        Args:
            options: An administrator's address, e.g. of one with ``userAdmin`` on the database.

        Raises:
            ConfigError: ``MONGODB_URL`` is missing or malformed.
        """
        self.db = connect(options)
        self._url = urlsplit(options.mongodb_url)

    def account(self, service: str) -> str:
        return account_name(self.db.name, service)

    def address(self, service: str) -> str:
        hosts = self._url.netloc.rpartition("@")[2]
        query = [(n, v) for n, v in parse_qsl(self._url.query) if n.lower() != "authsource"]
        query.append(("authSource", self.db.name))
        netloc = f"{quote(self.account(service))}@{hosts}"
        return urlunsplit(self._url._replace(netloc=netloc, query=urlencode(query)))

    def on_paper(self, service: str) -> list[str]:
        name = json.dumps(self.account(service))
        rights = json.dumps(privileges(service, self.db.name))
        where = f"db.getSiblingDB({json.dumps(self.db.name)})"
        return [  # for mongosh, which asks for the password
            f"{where}.createRole({{role: {name}, privileges: {rights}, roles: []}})",
            f"{where}.createUser({{user: {name}, pwd: passwordPrompt(), roles: [{name}]}})",
        ]

    def create(self, service: str, password: str) -> bool:
        self._make_role(service)
        name = self.account(service)
        return self._run("createUser", name, unless=_USER_EXISTS, pwd=password, roles=[name])

    def grant(self, service: str) -> None:
        name = self.account(service)
        self._run("updateRole", name, privileges=privileges(service, self.db.name), roles=[])
        self._run("updateUser", name, roles=[name])

    def set_password(self, service: str, password: str) -> None:
        self._run("updateUser", self.account(service), pwd=password)

    def _make_role(self, service: str) -> None:
        name = self.account(service)
        rights = privileges(service, self.db.name)
        self._run("createRole", name, unless=_ROLE_EXISTS, privileges=rights, roles=[])

    def _run(self, command: str, name: str, *, unless: int = 0, **more: Any) -> bool:
        """Run a command; return ``False`` for the error ``unless``."""
        with translated():
            try:
                self.db.command(command, name, **more)
            except OperationFailure as error:
                if error.code != unless:
                    raise
                return False
        return True


def _privilege(database: str, collection: str, actions: list[str]) -> Document:
    return {"resource": {"db": database, "collection": collection}, "actions": actions}
