"""Settings of the stores that keep items."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from gleanery.fields.base import Fields


class StoreFields(Fields):
    """Settings of the stores that keep items."""

    store: str = "sqlite"
    """Store that keeps the items: ``sqlite``, ``mysql``, ``mongodb`` or ``mysql+mongodb``.

    With both, the catalogue is in MySQL and the documents are in MongoDB.
    """
    store_path: Path | None = None
    """File of the embedded store; default ``HOME/gleanery.db``."""
    mysql_url: SecretStr = SecretStr("")
    """Database in MySQL or MariaDB: ``mysql://user@host:3306/name``."""
    mysql_password: SecretStr = SecretStr("")
    """Password of that user, if the address holds none."""
    mysql_ca: Path | None = None
    """Certificates (PEM) of who may vouch for that server; set = TLS, the host's name checked."""
    mysql_cert: Path | None = None
    """Certificate (PEM) that we show to that server; set = TLS."""
    mysql_key: Path | None = None
    """Key of that certificate (PEM, without a password), if it is in a file of its own."""
    mongodb_url: SecretStr = SecretStr("")
    """Database in MongoDB: ``mongodb://user@host:27017/name``."""
    mongodb_password: SecretStr = SecretStr("")
    """Password of that user, if the address holds none."""
    mongodb_ca: Path | None = None
    """Certificates (PEM) of who may vouch for that server; set = TLS, the host's name checked."""
    mongodb_cert: Path | None = None
    """Certificate and key (PEM, one file, no password) that we show to that server; set = TLS."""
    store_pool_size: int = Field(5, ge=1)
    """Connections to each of these servers that one process keeps, at most."""
    store_timeout_seconds: float = Field(30.0, gt=0)
    """Longest wait for an answer, a connection or a free connection of these servers."""
    spool_max_bytes: int = Field(2**30, ge=0)
    """Bytes of ``HOME/spool`` in which items wait while their store is away; then crawls pause."""
    raw_keep_days: float = Field(0, ge=0)
    """Days after which MongoDB forgets raw pages; 0 = never. ``gleanery db init`` sets it."""
