"""What several contract tests share."""

from __future__ import annotations

import pytest

from gleanery.registry import load_folder
from storage import Store
from storage.redis_address import open_redis
from tests.contracts.frontier import RedisCrawl, SqliteCrawl
from tests.contracts.work import RedisWork, SqliteWork
from tests.redis_servers import cluster, one_server, valkey_program
from tests.store_servers import emptied


@pytest.fixture(params=["redis", "valkey", "cluster", "sqlite"])
def crawl(request, tmp_path):
    """A crawl that no worker has joined yet."""
    if request.param == "sqlite":
        crawl = SqliteCrawl(tmp_path / "frontier" / "contract.db")
    else:
        crawl = RedisCrawl(request.getfixturevalue(f"{request.param}_url"), "contract")
    yield crawl
    crawl.close()


@pytest.fixture(params=["redis", "valkey", "cluster", "sqlite"])
def work(request, tmp_path):
    """An empty work queue, seen from outside."""
    if request.param == "sqlite":
        return SqliteWork(tmp_path)
    return RedisWork(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def queue(work):
    """The same, open."""
    with work.queue() as opened:
        yield opened


@pytest.fixture(params=sorted(load_folder("storage.stores", Store)))
def closed_store(request, tmp_path, store_options):
    """An empty store, prepared, not yet opened."""
    store = emptied(request.param, tmp_path / "store.db", store_options(request.param))
    store.init()
    return store


@pytest.fixture
def store(closed_store):
    """An empty store."""
    with closed_store as opened:
        yield opened


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory):
    with one_server(valkey_program(), tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest.fixture(scope="session")
def cluster_server(tmp_path_factory):
    with cluster(tmp_path_factory.mktemp("cluster")) as url:
        yield url


@pytest.fixture
def valkey_url(valkey_server):
    return flushed(valkey_server)


@pytest.fixture
def cluster_url(cluster_server):
    return flushed(cluster_server)


def flushed(url):
    with open_redis(url) as client:
        client.flushall()
    return url
