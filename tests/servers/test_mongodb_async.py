"""MongoDB by its asynchronous client: beside MySQL, and in a process that was forked."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import warnings

import pytest
from sqlalchemy import text

from gleanery.errors import WriteRejectedError
from items import Post
from storage import open_store
from storage.combined import CombinedItems
from storage.mongodb.documents import Documents
from storage.mysql.database import Database
from tests.store_servers import emptied


def a_post(number: int, **more) -> Post:
    return Post(platform="reddit", external_id=f"t3_{number}", url="u", **more)


class Held(Documents):
    """Documents that wait, just before they are written."""

    def __init__(self, options) -> None:
        super().__init__(options, alone=False)
        self.reached, self.free = threading.Event(), threading.Event()

    async def write(self, draft) -> None:
        self.reached.set()
        await asyncio.to_thread(self.free.wait)
        await super().write(draft)


def test_the_catalogue_knows_nothing_that_is_not_in_mongodb_yet(tmp_path, store_options):
    options = store_options("mysql+mongodb")
    emptied("mysql+mongodb", tmp_path, options).init()
    store, elsewhere = CombinedItems(tmp_path, options), Database(options)
    held = Held(options)
    store.documents.mongo.close()
    store.documents, store.mongo = held, held.mongo
    saving = threading.Thread(target=store.save, args=([a_post(1)],))

    saving.start()
    held.reached.wait()
    entered = [waits_for_commit(elsewhere), entries(elsewhere)]
    held.free.set()
    saving.join()
    after = entries(elsewhere)
    store.close()
    elsewhere.close()

    assert (entered, after) == ([True, 0], 1)


def entries(database: Database) -> int:
    return database.transact(lambda db: db.execute(text("SELECT count(*) FROM items")).scalar_one())


def waits_for_commit(database: Database) -> bool:
    """Wait until another transaction has entered something."""
    from tests.conftest import wait_until  # noqa: PLC0415 - that one imports the servers

    query = text("SELECT count(*) FROM information_schema.innodb_trx WHERE trx_rows_modified > 0")
    wait_until(lambda: database.transact(lambda db: db.execute(query).scalar_one()), seconds=60)
    return True


def test_what_mongodb_refuses_is_not_entered_either(tmp_path, store_options):
    options = store_options("mysql+mongodb")
    emptied("mysql+mongodb", tmp_path, options).init()
    with open_store("mysql+mongodb", tmp_path, options) as store:
        with pytest.raises(WriteRejectedError):
            store.save([a_post(1), a_post(2, score=2**70)])

        assert store.stats(classified_kinds=[]).total == 0
        assert store.find("reddit:t3_1") is None


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, RuntimeError])
def test_a_change_that_raises_writes_nothing_and_leaves_the_store_in_order(
    tmp_path, store_options, interrupt
):
    options = store_options("mongodb")
    emptied("mongodb", tmp_path, options).init()
    with open_store("mongodb", tmp_path, options) as store:
        store.save([a_post(1, title="tea")])

        def change(item: Post) -> None:
            item.title = "lost"
            if interrupt is RuntimeError:
                store.find(item.identity)  # the loop would wait for itself
            raise KeyboardInterrupt

        with pytest.raises(interrupt):
            store.update(a_post(1).identity, change)

        assert store.find("reddit:t3_1")["title"] == "tea"


def test_a_forked_process_has_connections_of_its_own(tmp_path, store_options):
    options = store_options("mongodb")
    emptied("mongodb", tmp_path, options).init()
    with open_store("mongodb", tmp_path, options) as store:
        store.save([a_post(1)])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Python 3.12: there are threads
            child = os.fork()
        if not child:
            signal.alarm(60)  # whatever a fork may hang on ends it
            try:
                store.save([a_post(2)])
                os._exit(0 if store.find("reddit:t3_1") else 1)
            finally:
                os._exit(2)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        kept = [row["identity"] for row in store.scan()]

    assert (status, kept) == (0, ["reddit:t3_1", "reddit:t3_2"])
