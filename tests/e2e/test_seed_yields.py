"""Seeds that bring nothing wanted get fewer requests in the next crawl."""

from __future__ import annotations

from datetime import timedelta

import pytest
import yaml

from items.clock import utc_now
from items.seed_yield import SeedYield
from storage import open_store
from storage.book import SEEDS
from tests.cli import gleanery
from tests.crawl import scrapy_crawl
from tests.graph_site import GraphSite

GOOD, BAD = range(1, 31), range(101, 131)
LINKS = {1: [*GOOD][1:], 101: [*BAD][1:]}
CATEGORIES = dict.fromkeys(GOOD, "food") | dict.fromkeys(BAD, "finance")
SETTINGS = {"SPIDER_MODULES": "tests.spiders", "FOCUS_PATIENCE": 99,
            "CONCURRENT_REQUESTS_PER_DOMAIN": 16}  # fmt: skip


def write_seeds(home, site, pages=(101, 1)):
    rows = [{"platform": "graph", "kind": "page", "value": f"{site.url}/page/{n}"} for n in pages]
    home.mkdir(exist_ok=True)
    (home / "seeds.yaml").write_text(yaml.safe_dump(rows))


def crawl(home, site, **settings):
    """Return how many pages of the good and of the bad seed one crawl fetched."""
    site.fetched.clear()
    result = scrapy_crawl("graph", home, settings=SETTINGS | settings,
                          seeds=home / "seeds.yaml", category="food")  # fmt: skip
    assert result.report["reason"] == "finished"
    fetched = [*site.fetched]
    return sum(n in GOOD for n in fetched), sum(n in BAD for n in fetched), result


def test_a_fading_seed_gets_fewer_requests_in_the_next_crawl_and_the_good_one_all(tmp_path):
    with GraphSite(LINKS, categories=CATEGORIES) as site:
        write_seeds(tmp_path, site)
        first = crawl(tmp_path, site)
        second = crawl(tmp_path, site)
        shown = {row["key"]: row for row in gleanery(tmp_path, "seeds", "--json").json}
        unfaded = crawl(tmp_path, site, SEED_FADING=False)
        begun = gleanery(tmp_path, "seeds", "--begun", "--json").json
    good, bad = (shown[f"graph:page={site.url}/page/{n}"] for n in (1, 101))

    assert first[:2] == (30, 30)
    assert second[:2] == (30, 12)  # 20 / (30 + 20) of 30
    assert second[2].stats["seeds/over_budget"] == 18
    assert unfaded[:2] == (30, 30)
    assert (good["share"], good["budget"], bad["resting"]) == (1, None, False)
    assert {seed["label"] for seed in begun} == {good["key"], bad["key"]}
    assert {(seed["times"], seed["kind"]) for seed in begun} == {(3, "page")}
    assert bad["budget"] < 12  # 42 requests without anything: less again
    assert "0.0 good of 42 requests lately" in bad["why"]


@pytest.mark.slow
def test_a_seed_at_the_floor_rests_and_all_of_them_never_rest_at_once(tmp_path):
    with GraphSite(LINKS, categories=CATEGORIES) as site:
        write_seeds(tmp_path, site)
        label = f"graph:page={site.url}/page/101"
        until = utc_now() + timedelta(days=1)
        barren = SeedYield(key=label, group="graph", at=utc_now(), requests=900, usual=30,
                           rests=1, rest_until=until)  # fmt: skip
        with open_store("sqlite", tmp_path / "gleanery.db") as store:
            store.book(SEEDS).change([label], lambda *_: barren.to_dict())
        left_out = crawl(tmp_path, site)
        write_seeds(tmp_path, site, pages=[101])
        alone = crawl(tmp_path, site)

    assert left_out[:2] == (30, 0)
    assert left_out[2].stats["seeds/resting"] == 1
    assert alone[:2] == (0, 5)
