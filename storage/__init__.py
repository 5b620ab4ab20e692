"""Where items are kept."""

from storage.options import StoreOptions
from storage.store import Store, StoreStats, configured_store, open_store

__all__ = ["Store", "StoreOptions", "StoreStats", "configured_store", "open_store"]
