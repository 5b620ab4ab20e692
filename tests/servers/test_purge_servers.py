"""``gleanery purge`` on stores of servers."""

from __future__ import annotations

import pytest

from storage.book import TOMBSTONES
from storage.tombstones import author_mark
from tests.cli import gleanery
from tests.purge_home import KIMS, OTHERS, ask, items, say_more
from tests.store_servers import emptied


@pytest.mark.parametrize("name", ["mysql", "mongodb", "mysql+mongodb"])
def test_all_of_an_author_is_gone_from_every_table_and_collection(tmp_path, store_options, name):
    store = emptied(name, tmp_path, store_options(name))
    store.init()
    env = {
        "GLEANERY_STORE": name,
        "GLEANERY_MYSQL_URL": store.options.mysql_url,
        "GLEANERY_MONGODB_URL": store.options.mongodb_url,
    }
    with store:
        store.save(items())
        say_more(store)
        ask(tmp_path, {"STORE": name, "MYSQL_URL": store.options.mysql_url}.get)

        done = gleanery(tmp_path, "purge", "--author", "reddit:kim", "--yes", "--json", **env)

        assert (done.returncode, done.json["items"], done.json["proven"]) == (0, 3, True)
        assert done.json["found"]["store/visits"] >= 1
        places = [f"store/{name}" for name in ("transcripts", "vectors", "proposals")]
        assert [done.json["found"][place] for place in places] == [1, 1, 1]
        assert (done.json["found"]["jobs"], done.json["left"]["jobs"]) == (1, 0)
        assert not any(store.traces(KIMS).values())
        assert [row["identity"] for row in store.scan()] == OTHERS
        assert store.book(TOMBSTONES).get([author_mark("reddit", "kim")])
