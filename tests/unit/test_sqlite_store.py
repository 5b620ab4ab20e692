"""What is the embedded store's own: the versions of its file."""

from __future__ import annotations

import sqlite3

import pytest

from gleanery.errors import StoreError
from storage import open_store


def test_a_file_of_the_version_before_is_brought_up_to_date(tmp_path):
    path = tmp_path / "store.db"
    open_store("sqlite", path).open()
    with sqlite3.connect(path) as db:
        db.executescript("DROP TABLE proposals; PRAGMA user_version = 1;")

    with open_store("sqlite", path) as store:
        assert store.proposals() == []


def test_a_file_of_a_later_version_is_refused(tmp_path):
    path = tmp_path / "store.db"
    open_store("sqlite", path).open()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")

    with pytest.raises(StoreError, match="has schema 99"):
        open_store("sqlite", path).open()
