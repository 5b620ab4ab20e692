"""The store step of a crawl, on every store."""

from __future__ import annotations

import asyncio
import json

import pytest
from scrapy.utils.test import get_crawler

from items import Post
from pipelines.store import StorePipeline
from storage.seeds_begun import seeds_begun
from tests.contracts.store_items import odd_items
from tests.crawl import scrapy_crawl
from tests.graph_site import GraphSite
from tests.store_servers import emptied


def settings_of(store) -> dict[str, str]:
    return {
        "HOME": str(store.path.parent),
        "SPOOL_MAX_BYTES": 2**20,
        "STORE": store.name,
        "STORE_PATH": str(store.path),
        "MYSQL_URL": store.options.mysql_url,
        "MONGODB_URL": store.options.mongodb_url,
    }


def environment_of(store) -> dict[str, str]:
    return {
        "GLEANERY_STORE": store.name,
        "GLEANERY_STORE_PATH": str(store.path),
        "GLEANERY_MYSQL_URL": store.options.mysql_url,
        "GLEANERY_MONGODB_URL": store.options.mongodb_url,
        "GLEANERY_MYSQL_PASSWORD": "",
    }


async def test_copies_of_an_item_stay_in_order_though_batches_are_under_way_at_once(
    tmp_path, store_options
):
    store = emptied("mysql+mongodb", tmp_path / "x.db", store_options("mysql+mongodb"))
    store.init()
    pipeline = StorePipeline.from_crawler(get_crawler(settings_dict=settings_of(store)))
    copies = [
        Post(platform="reddit", external_id=f"t3_{n % 7}", url="u", score=n) for n in range(1400)
    ]

    await pipeline.open_spider()
    await asyncio.gather(*(pipeline.process_item(item) for item in copies))
    await pipeline.close_spider()

    with store:
        rows = list(store.scan())
    assert pipeline.store.writers == 3
    assert sorted(row["score"] for row in rows) == list(range(1393, 1400))


def test_a_crawl_stores_into_both_servers_and_logs_no_address(tmp_path, store_options):
    store = emptied("mysql+mongodb", tmp_path / "x.db", store_options("mysql+mongodb"))
    store.init()
    with GraphSite({0: [1, 2], 1: [3]}) as site:
        result = scrapy_crawl(
            "graph", tmp_path, settings={"SPIDER_MODULES": "tests.spiders", "LOG_LEVEL": "DEBUG"},
            env=environment_of(store), page=f"{site.url}/page/0",
        )  # fmt: skip

    with store:
        stored = {row["identity"] for row in store.scan()}
        begun = [(seed["label"], seed["times"], seed["job"]) for seed in seeds_begun(store)]
    assert (result.returncode, len(stored)) == (0, 4)
    assert stored == {row["identity"] for row in result.items}
    assert begun == [(f"graph:page={site.url}/page/0", 1, None)]
    assert store.options.mysql_url not in result.log
    assert store.options.mongodb_url not in result.log


@pytest.mark.parametrize(
    "name",
    ["mysql+mongodb", *(pytest.param(n, marks=pytest.mark.slow)
                        for n in ("sqlite", "mysql", "mongodb"))],
)  # fmt: skip
def test_whatever_pages_hold_in_any_field_goes_through_a_crawl_into_the_store(
    tmp_path, store_options, name
):
    store = emptied(name, tmp_path / "x.db", store_options(name))
    store.init()
    with GraphSite({}) as site:
        result = scrapy_crawl(
            "odd", tmp_path, settings={"SPIDER_MODULES": "tests.spiders"},
            env=environment_of(store), page=f"{site.url}/page/0",
        )  # fmt: skip

    with store:
        rows = {row["identity"]: row for row in store.scan()}
        problems = store.check()
    assert (result.returncode, problems, "Traceback" in result.log) == (0, [], False), result.log
    stamped = {"seed": f"odd:page={site.url}/page/0", "category_wanted": None, "audio_plan": None}
    expected = {row["identity"]: row | stamped for row in map(stored, odd_items())}
    assert len(expected) == 47
    assert rows == expected


def stored(item) -> dict:
    """Return what is to be stored of an item: all of it but NUL and halves of pairs."""
    written = json.dumps(item.to_dict())
    return json.loads(written.replace("\\u0000", "").replace("\\ud800", ""))
