"""What all tables share: where they are listed, and how MySQL and MariaDB keep them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import MetaData

ENGINE: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mysql_row_format": "DYNAMIC",
}
metadata = MetaData()
