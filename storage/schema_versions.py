"""Which version of their tables and collections the stores of this program need."""

from __future__ import annotations


def schema_versions(store: str) -> dict[str, str]:
    """Return the version by part, e.g. of ``mysql+mongodb``; a store of another is not opened."""
    found = {}
    for part in store.split("+"):
        if part == "mysql":
            from storage.mysql.migrate import newest  # noqa: PLC0415 - needs its driver

            found[part] = newest()
        elif part == "mongodb":
            from storage.mongodb import schema as collections  # noqa: PLC0415 - needs its driver

            found[part] = str(collections.VERSION)
        elif part == "sqlite":
            from storage.sqlite import schema as tables  # noqa: PLC0415 - only if it is the one

            found[part] = str(tables.VERSION)
    return found
