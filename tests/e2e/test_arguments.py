"""Wrong arguments: one clear line, exit status 2, nothing fetched, nothing stored."""

from __future__ import annotations

import pytest

from tests.crawl import scrapy_crawl
from tests.graph_site import GraphSite

SETTINGS = {"SPIDER_MODULES": "tests.spiders"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"pge": "x"},
            "unknown argument 'pge'. Did you mean 'page'? Known: seeds, profile, category",
        ),
        (
            {"page": "x", "max_depth": "deep"},
            "argument 'max_depth': Input should be a valid integer",
        ),
        (
            {"page": "x", "max_items": -1},
            "argument 'max_items': Input should be greater than or equal",
        ),
        ({"page": "x", "category": "foods"}, "no category 'foods'; did you mean 'food'?"),
    ],
    ids=["typo", "no number", "negative", "category"],
)
def test_a_wrong_argument_is_explained_before_anything_starts(tmp_path, arguments, message):
    result = scrapy_crawl("graph", tmp_path, settings=SETTINGS, **arguments)

    assert result.returncode == 2
    assert message in result.log
    assert "Traceback" not in result.log
    assert not (tmp_path / "gleanery.db").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "nothing to start from; give one of -a page=…, -a seeds=…, -a profile=…"),
        ({"seeds": "none.yaml"}, "Cannot read the seeds file none.yaml"),
        ({"profile": "nws"}, "No profile 'nws'. There are: daily, health, news, trend."),
        ({"profile": "news"}, "nothing to start from"),
    ],
    ids=["nothing", "no file", "no profile", "profile without seeds for this platform"],
)
def test_a_crawl_without_a_start_says_what_to_give(tmp_path, arguments, message):
    result = scrapy_crawl("graph", tmp_path, settings=SETTINGS, **arguments)

    assert result.returncode == 2
    assert message in result.log
    assert "Traceback" not in result.log


def test_a_mistyped_variable_stops_every_command(tmp_path):
    result = scrapy_crawl("graph", tmp_path, env={"GLEANERY_WEB_PROXI": "x"}, page="x")

    assert result.returncode == 1
    assert "Unknown variable GLEANERY_WEB_PROXI. Did you mean GLEANERY_WEB_PROXY?" in result.log
    assert "Traceback" not in result.log


def test_seeds_of_a_file_carry_their_own_depth_category_and_label(tmp_path):
    links = {1: [2], 2: [3], 10: [11], 11: [12]}
    with GraphSite(links) as site:
        (tmp_path / "seeds.yaml").write_text(
            f"- {{platform: graph, kind: page, value: '{site.url}/page/1', category: food}}\n"
            f"- {{platform: graph, kind: page, value: '{site.url}/page/10', max_depth: 0}}\n"
            "- {platform: other, kind: page, value: x}\n",
            "utf-8",
        )
        result = scrapy_crawl(
            "graph", tmp_path, settings=SETTINGS, seeds=tmp_path / "seeds.yaml", max_depth=1
        )

    assert {(r["external_id"], r["seed"], r["category_wanted"]) for r in result.items} == {
        ("1", f"graph:page={site.url}/page/1", "food"),
        ("2", f"graph:page={site.url}/page/1", "food"),
        ("10", f"graph:page={site.url}/page/10", None),
    }
    assert result.report["stats"]["item_scraped_count"] == 3
    assert {row["identity"] for row in result.items} == {"graph:1", "graph:2", "graph:10"}
