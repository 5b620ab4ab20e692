"""The client, and errors in our words."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from bson.errors import BSONError
from pymongo import AsyncMongoClient, MongoClient
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    DocumentTooLarge,
    OperationFailure,
    PyMongoError,
)

from gleanery.errors import (
    ConfigError,
    GleaneryError,
    StoreError,
    StoreUnavailableError,
    WriteRejectedError,
)
from storage.mongodb.loop import INHERITED, LoopThread, answer
from storage.tls import client_context

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from concurrent.futures import Future

    from pymongo.asynchronous.database import AsyncDatabase
    from pymongo.database import Database

    from storage.options import StoreOptions

T = TypeVar("T")
Document = dict[str, Any]
_REFUSED = {13, 18, 8000}
"""Unauthorized, AuthenticationFailed, and Atlas' word for both."""
_INVALID = 121


class Mongodb:
    """The database that ``MONGODB_URL`` names, by PyMongo's asynchronous client.

    It lives on a loop of its own; whoever is elsewhere calls :meth:`run` and waits. Each process
    that uses it has its own connections, a forked one, too.
    """

    def __init__(self, options: StoreOptions) -> None:
        """Prepare; nothing is connected yet.

        Raises:
            ConfigError: The address is missing or malformed, or a certificate cannot be read.
        """
        self._options, self._pid = options, os.getpid()
        self._db = self._made()
        self.loop = LoopThread("gleanery-mongodb")

    @property
    def db(self) -> AsyncDatabase[Document]:
        """The database, for coroutines that :meth:`run` or :meth:`beside` is given."""
        if self._pid != os.getpid():
            INHERITED.append(self._db)
            self._pid, self._db = os.getpid(), self._made()
        return self._db

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what ``work`` gives; the driver's errors are ours.

        Raises:
            StoreUnavailableError: The server is away, or the connection was closed meanwhile.
            WriteRejectedError: The server refused a value.
            StoreError: It refused us.
        """
        with translated():
            return self.loop.run(work)

    @contextmanager
    def beside(self, work: Coroutine[Any, Any, T]) -> Iterator[Answer[T]]:
        """Do ``work`` while the block runs, and wait for it at the end; errors are as above."""
        with translated(), self.loop.beside(work) as future:
            yield Answer(future)

    def close(self) -> None:
        """Close every connection, if there are any; calls under way and later ones fail."""
        with translated():
            self.loop.close(self.db.client.close)

    def _made(self) -> AsyncDatabase[Document]:
        with _configured():
            client: AsyncMongoClient[Document] = AsyncMongoClient(**_arguments(self._options))
            return client.get_default_database()


class Answer(Generic[T]):
    """What a server will have said."""

    def __init__(self, future: Future[T]) -> None:
        self._future = future

    def get(self) -> T:
        """Wait for it; errors are those of :meth:`Mongodb.run`."""
        with translated():
            return answer(self._future)


def connect(options: StoreOptions) -> Database[Document]:
    """Return the same database by the blocking client, for commands that ask one thing at a time.

    Raises:
        ConfigError: As for :class:`Mongodb`.
    """
    with _configured():
        client: MongoClient[Document] = MongoClient(**_arguments(options))
        return client.get_default_database()


def _arguments(options: StoreOptions) -> dict[str, Any]:
    """Return what both clients are made with: writes are acknowledged once in the journal."""
    if not options.mongodb_url:
        raise ConfigError("GLEANERY_MONGODB_URL is not set (설정되지 않았습니다)")
    milliseconds = int(options.store_timeout_seconds * 1000)
    more: dict[str, Any] = {"password": options.mongodb_password or None} | _tls(options)
    return {
        "host": options.mongodb_url,
        "w": 1,
        "journal": True,
        "maxPoolSize": options.store_pool_size,
        "waitQueueTimeoutMS": milliseconds,
        "serverSelectionTimeoutMS": milliseconds,
        "connectTimeoutMS": milliseconds,
        "socketTimeoutMS": milliseconds,
        "appname": "gleanery",
        **{name: value for name, value in more.items() if value},
    }


@contextmanager
def _configured() -> Iterator[None]:
    """Raise what is wrong with an address as our error; it tells no password."""
    try:
        yield
    except ConfigurationError as error:
        raise ConfigError(
            f"GLEANERY_MONGODB_URL is no mongodb://user@host:port/database: {error}"
        ) from None
    except (PyMongoError, ValueError):
        raise ConfigError("GLEANERY_MONGODB_URL is no mongodb://user@host:port/database") from None


def _tls(options: StoreOptions) -> dict[str, Any]:
    """Return the driver's options; the files are tried first, for an error that names them."""
    ca, cert = options.mongodb_ca, options.mongodb_cert
    if not client_context(ca=ca, cert=cert, key="", prefix="GLEANERY_MONGODB"):
        return {}
    return {"tls": True, "tlsCAFile": ca, "tlsCertificateKeyFile": cert}


@contextmanager
def translated() -> Iterator[None]:
    """Raise the driver's errors as ours."""
    try:
        yield
    except (DocumentTooLarge, BSONError, UnicodeEncodeError, OverflowError) as error:
        raise WriteRejectedError(f"MongoDB: {error}") from error
    except ConnectionFailure as error:
        raise StoreUnavailableError(f"MongoDB: {error}") from error
    except BulkWriteError as error:
        raise _of_bulk(error) from error
    except OperationFailure as error:
        raise StoreError(f"MongoDB: {error}") from error
    except PyMongoError as error:
        raise StoreUnavailableError(f"MongoDB: {error}") from error


def _of_bulk(error: BulkWriteError) -> GleaneryError:
    failed = error.details.get("writeErrors") or [{}]
    text = f"MongoDB: {failed[0].get('errmsg', error)}"
    if failed[0].get("code") == _INVALID:
        return WriteRejectedError(text)
    return StoreError(text) if failed[0].get("code") in _REFUSED else StoreUnavailableError(text)
