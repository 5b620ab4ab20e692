"""Where items are kept."""

from storage.store import Store, StoreStats, open_store

__all__ = ["Store", "StoreStats", "open_store"]
