"""From a page to a stored category, through ``scrapy crawl`` and MCP."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys

import pytest

from items import load_taxonomy
from tests.crawl import ROOT, scrapy_crawl
from tests.graph_site import GraphSite
from tests.model_process import clean_env, model_server_process

LINKS = {0: [1, 2, 3, 4], 1: [5, 6, 7, 8]}
TEXTS = {
    0: "양파와 마늘을 볶다가 돼지고기를 넣고 김치찌개를 끓이는 레시피입니다.",
    1: "Melt the butter, whisk the eggs with sugar, fold in the flour and bake the cake.",
    2: "연장전 결승골로 홈팀이 축구 대표팀 경기에서 2대 1로 이겼다.",
    3: "The striker scored twice as the home side won the match and went top of the league.",
    4: "역세권 아파트 분양, 전세와 매매 가격이 올랐다. 청약 경쟁률은 30대 1.",
    5: "코스피와 코스닥 지수가 외국인 매도로 하락 마감했다. 원달러 환율은 올랐다.",
    6: "How to fix a Python import error: install the package and check the path.",
    7: "무릎 통증과 허리 통증의 원인, 병원에서 받는 검사와 치료법을 알아봅니다.",
    8: "Solar and wind farms cut carbon emissions as the last coal power plants close.",
}
EXPECTED = {
    "food": {0, 1},
    "sports_leisure": {2, 3},
    "real_estate": {4},
    "finance": {5},
    "tech_it": {6},
    "health_medicine": {7},
    "environment_energy": {8},
}
SETTINGS = {
    "SPIDER_MODULES": "tests.spiders",
    "CLASSIFY_ENABLED": True,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
}


def found_categories(rows):
    found = {}
    for row in rows:
        found.setdefault(row["category"], set()).add(int(row["external_id"]))
    return found


def crawl(home, **settings):
    with GraphSite(LINKS, texts=TEXTS) as site:
        return scrapy_crawl(
            "graph", home, settings=SETTINGS | settings, page=f"{site.url}/page/0", max_depth=3
        )


def rows_of(result):
    with result.store() as store:
        return list(store.scan())


@pytest.fixture
def home(tmp_path, e5_cache):
    shutil.copytree(e5_cache, tmp_path / "cache")
    return tmp_path


def test_a_crawl_ends_with_categories_titles_and_annotations_in_the_store(home):
    """With nothing configured: the model server runs in the crawl's process."""
    result = crawl(home)

    rows = rows_of(result)
    assert result.returncode == 0, result.log
    assert found_categories(rows) == EXPECTED
    assert result.stats["classify/classified"] == len(rows) == 9
    taxonomy = load_taxonomy()
    for row in rows:
        (annotation,) = row["annotations"]
        subs = {s.key for s in taxonomy[row["category"]].subcategories}
        assert row["subcategory"] in subs
        assert row["headline"] == row["title"]
        assert row["classified_at"]
        assert (annotation["tool"], annotation["engine"]) == ("classify", "e5")
        assert annotation["value"]["category"] == row["category"]
        assert sum(annotation["value"]["scores"].values()) == pytest.approx(1, abs=2e-3)
        assert annotation["score"] == pytest.approx(max(annotation["value"]["scores"].values()))
    assert {row["external_id"]: row["category"] for row in result.items} == {
        row["external_id"]: row["category"] for row in rows
    }


@pytest.mark.slow
def test_without_a_model_server_items_are_stored_and_reenrich_catches_up(home):
    """Nothing is lost for a model's sake; the second run finds nothing to do."""
    with socket.socket() as taken:  # bound, not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/mcp"
        away = crawl(home, MODEL_SERVER_URL=url)
    assert [row["category"] for row in rows_of(away)] == [None] * 9
    assert away.stats["classify/unavailable"] == 9
    assert away.log.count("Items pass unclassified") == 1

    part, rest, again = (reenrich(home, *args) for args in (["--limit", "4"], [], []))

    assert part == "4 classified, 0 without words, 0 refused, 0 unavailable\n"
    assert rest == "5 classified, 0 without words, 0 refused, 0 unavailable\n"
    assert again == "0 classified, 0 without words, 0 refused, 0 unavailable\n"
    assert found_categories(rows_of(away)) == EXPECTED
    assert all(len(row["annotations"]) == 1 for row in rows_of(away))


@pytest.mark.slow
def test_a_crawl_asks_a_model_server_in_a_process_of_its_own(home):
    """Over streamable HTTP, with a token."""
    with model_server_process(home, token="s3cret") as url:
        right = crawl(home, MODEL_SERVER_URL=url, MODEL_SERVER_TOKEN="s3cret")
        wrong = crawl(home / "wrong", MODEL_SERVER_URL=url, MODEL_SERVER_TOKEN="guess")

    assert found_categories(rows_of(right)) == EXPECTED
    assert wrong.stats["classify/unavailable"] == 9
    assert "GLEANERY_MODEL_SERVER_TOKEN" in wrong.log
    assert "guess" not in wrong.log
    assert "s3cret" not in right.log


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"MODEL_ENGINE": "e6"}, "No engine is called 'e6'. There are: conv_tasnet, demucs, e5, "),
        ({"MODEL_BATCH_SIZE": 65}, "MODEL_BATCH_SIZE is 1 to 64"),
        ({"MODEL_SERVER_URL": "model:8765"}, "MODEL_SERVER_URL 'model:8765' is no http(s) address"),
        ({"CLASSIFY_KINDS": "posts"}, "CLASSIFY_KINDS: no kind posts"),
    ],
    ids=["engine", "batch", "address", "kinds"],
)
def test_a_wrong_setting_ends_the_crawl_before_it_begins(tmp_path, settings, message):
    result = scrapy_crawl(
        "graph", tmp_path, settings=SETTINGS | settings, page="http://127.0.0.1:9/page/0"
    )

    assert result.returncode == 2
    assert message in result.log
    assert "Traceback" not in result.log


@pytest.mark.slow
def test_only_the_kinds_asked_for_are_classified(home):
    result = crawl(home, CLASSIFY_KINDS="post,video")

    assert [row["category"] for row in result.items] == [None] * 9
    assert "classify/classified" not in result.stats


def reenrich(home, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.reenrich", *arguments],
        cwd=ROOT,
        env=clean_env(home),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
