"""The tables: in MySQL by a revision of ``storage/migrations``, in SQLite as they stand here.

Instants are milliseconds since 1970.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text
from sqlalchemy.dialects.mysql import LONGTEXT

from storage.mysql.table import ENGINE, metadata

_NUMBER = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER numbers itself there
_BODY = Text().with_variant(LONGTEXT(), "mysql", "mariadb")

users = Table(
    "users",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("role", String(16), nullable=False),
    Column(
        "password_hash", String(255), nullable=False
    ),  # argon2id, with salt and costs; empty = a guest
    Column("created_at", BigInteger, nullable=False),
    **ENGINE,
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),  # SHA-256: a stolen table logs nobody in
    Column("user", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Index("sessions_user", "user"),
    Index("sessions_created_at", "created_at"),
    **ENGINE,
)

audit = Table(
    "audit",
    metadata,
    Column("id", _NUMBER, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("user", String(80), nullable=False),
    Column("address", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("before", _BODY, nullable=False),  # JSON, no secrets
    Column("after", _BODY, nullable=False),
    Column("outcome", String(64), nullable=False),
    Index("audit_user", "user", "id"),
    Index("audit_action", "action", "id"),
    **ENGINE,
)

TABLES = (users, sessions, audit)
