"""Which spool belongs to which store: one folder each in ``HOME/spool``."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from storage.spool.segments import segments_in
from storage.spool.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable

    from storage.store import Store


def configured_spool(store: Store, get: Callable[[str], Any]) -> Spool:
    """Return the spool of ``store``, in the ``HOME`` and with the limit that the settings say.

    Args:
        store: Need not be open.
        get: Value of a setting by its upper-case name, e.g. ``crawler.settings.get``.
    """
    folder = spool_folder(Path(get("HOME")), store)
    return Spool(folder, max_bytes=int(get("SPOOL_MAX_BYTES")))


def spool_folder(home: Path, store: Store) -> Path:
    """Return the folder of a store's spool; its name holds no part of the store's address."""
    options = store.options
    addresses = {"mysql": options.mysql_url, "mongodb": options.mongodb_url}
    places = [_place(addresses[part]) for part in store.name.split("+") if part in addresses]
    where = "\n".join(places) or str(store.path.resolve())
    return home / "spool" / f"{store.name}-{sha256(where.encode()).hexdigest()[:10]}"


def other_spools(home: Path, ours: Path) -> list[Path]:
    """Return the folders where items wait for a store that is not the one that is set."""
    folders = sorted((home / "spool").glob("*/"))
    return [f for f in folders if f.name != ours.name and segments_in(f)]


def _place(address: str) -> str:
    """Return an address without the user and the password: they may change."""
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
