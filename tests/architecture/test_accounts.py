"""Who may do what to each table and collection is stated."""

from __future__ import annotations

import pytest

pytest.importorskip("pymysql", reason="needs gleanery[server]")
pytest.importorskip("pymongo", reason="needs gleanery[server]")

from storage.accounts import RIGHTS, SERVICES
from storage.mongodb.schema import COLLECTIONS
from storage.mysql.accounts import TABLES


def test_every_table_and_collection_has_its_rights_stated():
    """Add a line to ``storage.accounts.RIGHTS`` for what you add to a schema."""
    assert set(RIGHTS) == TABLES | set(COLLECTIONS)
    assert {service for rights in RIGHTS.values() for service in rights} <= set(SERVICES)
