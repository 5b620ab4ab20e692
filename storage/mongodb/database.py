"""The client, and errors in our words."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bson.errors import BSONError
from pymongo import MongoClient
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
from storage.tls import client_context

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pymongo.database import Database

    from storage.options import StoreOptions

Document = dict[str, Any]
_REFUSED = {13, 18, 8000}
"""Unauthorized, AuthenticationFailed, and Atlas' word for both."""
_INVALID = 121


def connect(options: StoreOptions) -> Database[Document]:
    """Return the database that ``MONGODB_URL`` names; nothing is connected yet.

    Writes are acknowledged once they are in the journal (``w: 1, j: true``).

    Raises:
        ConfigError: The address is missing or malformed, or a certificate cannot be read.
    """
    if not options.mongodb_url:
        raise ConfigError("GLEANERY_MONGODB_URL is not set (설정되지 않았습니다)")
    milliseconds = int(options.store_timeout_seconds * 1000)
    more: dict[str, Any] = {"password": options.mongodb_password or None}
    more |= _tls(options)
    try:
        client: MongoClient[Document] = MongoClient(
            options.mongodb_url,
            w=1,
            journal=True,
            maxPoolSize=options.store_pool_size,
            waitQueueTimeoutMS=milliseconds,
            serverSelectionTimeoutMS=milliseconds,
            connectTimeoutMS=milliseconds,
            socketTimeoutMS=milliseconds,
            appname="gleanery",
            **{name: value for name, value in more.items() if value},
        )
        return client.get_default_database()
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
