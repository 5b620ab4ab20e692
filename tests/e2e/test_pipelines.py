"""What reaches the store, through a real crawl."""

from __future__ import annotations

from tests.crawl import scrapy_crawl
from tests.graph_site import GraphSite

SETTINGS = {"SPIDER_MODULES": "tests.spiders"}


def test_text_that_no_database_takes_is_cleaned(tmp_path):
    """NUL and lone surrogates would make one store or another refuse a whole batch."""
    with GraphSite(
        {}, texts={0: "before&#0;\x00after \ufffe 한국어 🙂 " + "x" * 1_000_100}
    ) as site:
        result = scrapy_crawl("graph", tmp_path, settings=SETTINGS, page=f"{site.url}/page/0")
        with result.store() as store:
            row = store.find("graph:0")

    assert row is not None
    assert "\x00" not in row["text"]
    assert "한국어 🙂" in row["text"]
    assert len(row["text"]) == 1_000_000
    assert result.stats["validate/cut"] == 1


def test_a_store_that_cannot_be_opened_stops_the_crawl_before_it_begins(tmp_path):
    (tmp_path / "letter.db").write_text("Dear reader, " * 100)
    with GraphSite({}) as site:
        result = scrapy_crawl(
            "graph", tmp_path, settings=SETTINGS | {"STORE_PATH": str(tmp_path / "letter.db")},
            page=f"{site.url}/page/0",
        )  # fmt: skip

    assert result.returncode == 2
    assert "letter.db is no store of ours" in result.log
    assert "Traceback" not in result.log
    assert site.fetched == []


def test_an_unknown_store_is_named_with_those_there_are(tmp_path):
    result = scrapy_crawl(
        "graph", tmp_path, settings=SETTINGS | {"STORE": "sqlit"}, page="http://127.0.0.1:1/"
    )

    assert result.returncode == 2
    assert "No store is called 'sqlit'. Did you mean 'sqlite'?" in result.log
