"""Where items are kept."""

from storage.item_filter import ItemFilter, Page, Place
from storage.options import StoreOptions
from storage.store import Store, StoreStats, configured_store, open_store

__all__ = [
    "ItemFilter",
    "Page",
    "Place",
    "Store",
    "StoreOptions",
    "StoreStats",
    "configured_store",
    "open_store",
]
