"""What every page works with: the configuration, the store, users, sessions, the audit."""

from __future__ import annotations

import threading
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fastapi import Request

from admin.attempts import Attempts
from admin.counts import Counts
from admin.metrics import AdminNumbers
from admin.oidc.provider import Provider
from admin.progress.recorder import Recorder
from admin.runs import Runs
from crawlers.scrapyd.places import PROJECT, ledger_of, patience_of
from crawlers.scrapyd.queue import JobQueue
from gleanery.errors import StoreError
from items.taxonomy import TAXONOMY_FILE, Taxonomy, load_taxonomy
from media.store import MediaStore, open_media
from storage import Store, configured_store
from storage.jobs.reconciling import reconcile
from storage.ledger import open_ledger
from storage.office.audit import Audit
from storage.office.guests import Guests
from storage.office.sessions import Sessions
from storage.office.tables import TABLES
from storage.office.users import Users
from storage.spool import Spool, configured_spool
from storage.video_index import VectorIndex

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from gleanery.config import Config
    from storage.office.audit import Change
    from storage.office.sessions import Session


RECONCILED_SECONDS = 5.0
"""Between two looks for lost jobs."""
RETURNS = 100
"""Returns from the login service that failed, from one address."""


class Desk:
    """One per program; methods block and may be called from any thread."""

    def __init__(self, config: Config) -> None:
        """Open the tables of users; the store is opened when a page first needs it.

        Raises:
            ConfigError: A setting is missing or malformed.
            StoreError: The tables are away.
        """
        self.config = config
        self.settings: dict[str, Any] = config.scrapy_settings()
        self.ledger = open_ledger(self.settings.get, config.home / "admin.db", TABLES)
        self.users, self.guests = Users(self.ledger), Guests(self.ledger)
        self.sessions = Sessions(
            self.ledger,
            idle_seconds=config.admin_idle_minutes * 60,
            longest_seconds=config.admin_session_hours * 3600,
        )
        self.audit = Audit(self.ledger)
        self.attempts = Attempts()
        self.returns = Attempts(by_name=RETURNS, by_address=RETURNS)
        self.provider = Provider(config) if config.oidc_issuer else None
        self.numbers = AdminNumbers()
        self.runs = Runs()
        self.recorder = Recorder(config, lambda: self.jobs.ledger)
        self.vectors = VectorIndex()
        self.counts = Counts(config.classify_kinds)
        self.media: MediaStore = open_media(config.media_place)
        self._store: Store | None = None
        self._jobs: JobQueue | None = None
        self._reconcile_at = 0.0
        self._opening = threading.Lock()

    @property
    def store(self) -> Store:
        """The store, open.

        Raises:
            StoreError: It is away; the next page tries again.
        """
        with self._opening:
            if self._store is None:
                store = configured_store(self.settings.get)
                try:
                    store.open()
                except BaseException:
                    store.close()
                    raise
                self._store = store
            return self._store

    @property
    def jobs(self) -> JobQueue:
        """The queue of jobs, after a look for lost ones: what is shown is true without a node.

        Raises:
            StoreError: Their table is away.
        """
        with self._opening:
            if self._jobs is None:
                self._jobs = JobQueue(None, PROJECT, ledger=ledger_of(self.config))
            if time.monotonic() >= self._reconcile_at:
                reconcile(self._jobs.ledger, patience_of(self.config))
                self._reconcile_at = time.monotonic() + RECONCILED_SECONDS
            return self._jobs

    @cached_property
    def spool(self) -> Spool:
        """What waits for the store on this machine; it remembers what it has counted."""
        return configured_spool(configured_store(self.settings.get), self.settings.get)

    @property
    def taxonomy(self) -> Taxonomy:
        """The categories as they are now."""
        return load_taxonomy(self.config.own_taxonomy or TAXONOMY_FILE)  # reads no environment

    def counted(self) -> dict[str, Any]:
        """Return the store's counts, as :meth:`Counts.told`."""
        return self.counts.told(lambda: self.store)

    def change(
        self, who: Session, action: str, subject: str, before: Any = None
    ) -> AbstractContextManager[Change]:
        """Note what ``who`` is about to change, then how it ended."""
        return self.audit.change(
            who.user, who.address, action=action, subject=subject, before=before
        )

    def close(self) -> None:
        """End what goes on in the background, and let go of every connection."""
        self.recorder.stop()
        self.runs.close()
        self.counts.close()
        self.vectors.close()
        if self._store:
            self._store.close()
        if self._jobs:
            self._jobs.ledger.close()
        self.ledger.close()


def desk_of(request: Request) -> Desk:
    """Return the desk of the program that answers ``request``."""
    desk = request.app.state.desk
    if not isinstance(desk, Desk):
        raise StoreError("the admin page is not set up")
    return desk
