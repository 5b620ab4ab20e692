"""What several contract tests share."""

from __future__ import annotations

import pytest

from tests.contracts.frontier import RedisCrawl, SqliteCrawl


@pytest.fixture(params=["redis", "sqlite"])
def crawl(request, tmp_path):
    """A crawl that no worker has joined yet."""
    if request.param == "redis":
        crawl = RedisCrawl(request.getfixturevalue("redis_url"), "contract")
    else:
        crawl = SqliteCrawl(tmp_path / "frontier" / "contract.db")
    yield crawl
    crawl.close()
