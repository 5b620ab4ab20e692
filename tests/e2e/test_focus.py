"""Focus: keep to the category wanted, leave barren branches, go back up."""

from __future__ import annotations

import pytest

from tests.crawl import scrapy_crawl
from tests.graph_site import GraphSite

SETTINGS = {"SPIDER_MODULES": "tests.spiders", "CONCURRENT_REQUESTS_PER_DOMAIN": 16}
#        0            level 0: wanted
#     /     \
#    1       2        1 is food all the way down, 2 is finance all the way down
#   / \     / \
#  3   4   5   6
#  |   |   |   |
#  7   8   9  10
#  |   |   |   |
# 11  12  13  14
LINKS = {
    0: [1, 2],
    1: [3, 4],
    2: [5, 6],
    3: [7],
    4: [8],
    5: [9],
    6: [10],
    7: [11],
    8: [12],
    9: [13],
    10: [14],
}
FOOD = dict.fromkeys([0, 1, 3, 4, 7, 8, 11, 12], "food")
BARREN = dict.fromkeys([2, 5, 6, 9, 10, 13, 14], "finance")


def crawl(tmp_path, site, **settings):
    return scrapy_crawl(
        "graph",
        tmp_path,
        settings=SETTINGS | settings,
        page=f"{site.url}/page/0",
        max_depth=9,
        category="food",
    )


def test_a_branch_without_a_wanted_item_for_two_levels_is_pruned_and_the_others_go_on(tmp_path):
    with GraphSite(LINKS, categories=FOOD | BARREN, jitter=0.03) as site:
        result = crawl(tmp_path, site)

    assert sorted(site.fetched) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 12]
    assert result.stats["focus/pruned"] == 2
    assert {int(r["external_id"]): r["wanted"] for r in result.items} == {
        n: n in FOOD for n in (0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 12)
    }


def test_patience_is_a_setting_and_one_wanted_item_renews_it(tmp_path):
    """With patience 3, page 9 is wanted: its child is fetched, the cousin's child is not."""
    with GraphSite(
        LINKS | {13: [15], 14: [16], 15: [17]}, categories=FOOD | BARREN | {9: "food"}
    ) as site:
        crawl(tmp_path, site, FOCUS_PATIENCE=3)

    assert {9, 10, 13, 15} <= set(site.fetched)
    assert not {14, 16} & set(site.fetched)


def test_pages_that_say_nothing_do_not_count_against_a_branch(tmp_path):
    """Listings and unclassified pages are neutral: nobody knows what they are."""
    with GraphSite(LINKS, categories=FOOD) as site:
        result = crawl(tmp_path, site)

    assert len(result.items) == 15
    assert "focus/pruned" not in result.stats


@pytest.mark.parametrize(
    ("policy", "kept", "flagged"), [("keep", 11, 0), ("drop", 8, 0), ("flag", 11, 3)]
)
def test_the_policy_decides_what_happens_to_the_rest(tmp_path, policy, kept, flagged):
    with GraphSite(LINKS, categories=FOOD | BARREN) as site:
        result = crawl(tmp_path, site, FOCUS_POLICY=policy)

    assert len(result.items) == kept
    assert sum(row["needs_review"] for row in result.items) == flagged
    assert len(site.fetched) == 11
