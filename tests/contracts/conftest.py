"""What several contract tests share."""

from __future__ import annotations

import pytest

from storage.redis_address import open_redis
from tests.contracts.frontier import RedisCrawl, SqliteCrawl
from tests.redis_servers import cluster, one_server, valkey_program


@pytest.fixture(params=["redis", "valkey", "cluster", "sqlite"])
def crawl(request, tmp_path):
    """A crawl that no worker has joined yet."""
    if request.param == "sqlite":
        crawl = SqliteCrawl(tmp_path / "frontier" / "contract.db")
    else:
        crawl = RedisCrawl(request.getfixturevalue(f"{request.param}_url"), "contract")
    yield crawl
    crawl.close()


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
    return emptied(valkey_server)


@pytest.fixture
def cluster_url(cluster_server):
    return emptied(cluster_server)


def emptied(url):
    with open_redis(url) as client:
        client.flushall()
    return url
