"""The parts of the command ``gleanery``: charts, tables, progress lines."""

from __future__ import annotations

import math
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands import report
from commands.output import print_table, printable
from commands.progress import CrawlWatcher
from commands.report_data import gather
from commands.report_map import MAX_DOTS, RADIUS, Spot, lay_out
from commands.timeline import MAX_COLUMNS, MIN_COLUMNS, MINUTE, columns
from gleanery.config import Config
from items import Article, Post
from storage import open_store
from tests.crawl import ROOT
from tests.page import Page

INSTANTS = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


def minutes(*instants):
    return Counter(instant[:MINUTE] for instant in instants)


@given(st.lists(INSTANTS, min_size=1, max_size=60))
def test_a_timeline_loses_nothing_and_fits_the_page(instants):
    shown = columns(minutes(*(at.isoformat() for at in instants)))

    assert sum(column.count for column in shown) == len(instants)
    assert MIN_COLUMNS <= len(shown) <= MAX_COLUMNS + 1


@pytest.mark.parametrize(
    ("first", "last", "labels"),
    [
        ("2026-11-23T04:00", "2026-11-23T04:30", ("04:00", "04:30")),
        ("2026-11-23T01:00", "2026-11-23T05:00", ("01:00", "05:00")),
        ("2026-11-22T01:30", "2026-11-23T05:10", ("11-22 01:00", "11-23 05:00")),
        ("2026-11-01T00:00", "2026-11-23T00:00", ("2026-11-01", "2026-11-23")),
        ("2026-03-02T00:00", "2026-11-23T00:00", ("2026-03-02", "2026-11-23")),
        ("2024-01-15T00:00", "2026-11-23T00:00", ("2024-01", "2026-11")),
        ("1999-01-15T00:00", "2026-11-23T00:00", ("1999", "2026")),
    ],
    ids=["minutes", "tens", "hours", "days", "weeks", "months", "years"],
)
def test_a_timeline_picks_the_finest_unit_that_fits(first, last, labels):
    shown = columns(minutes(first, last))

    assert (shown[0].label, shown[-1].label) == labels
    assert shown[0].count == shown[-1].count == 1


def test_one_old_item_does_not_flatten_the_rest():
    recent = [f"2026-11-{day:02d}T00:00" for day in range(1, 31)]

    shown = columns(minutes("1970-01-01T00:00", *recent))

    assert (shown[0].label, shown[0].count) == ("… 2026-11-01", 1)
    assert len(shown) == 31


@given(st.lists(st.integers(0, 5), max_size=80))
def test_the_map_lays_shallow_items_inside_deeper_ones(depths):
    spots = [Spot(depth=d, platform="web", minor=False, title="x") for d in depths]

    laid = lay_out(spots, items_per_dot=1)
    radii = [math.hypot(dot.x, dot.y) for dot in laid.dots]

    assert [dot.spot.depth for dot in laid.dots] == sorted(depths)
    assert radii == sorted(radii)
    assert all(radius <= RADIUS for radius in radii)
    assert [ring.depth for ring in laid.rings] == sorted(set(depths))


def test_a_large_store_is_thinned_out_on_the_map(tmp_path):
    posts = [
        Post(platform="reddit", external_id=str(n), url="https://x.org", title=str(n))
        for n in range(2 * MAX_DOTS + 1)
    ]
    with open_store("sqlite", tmp_path / "gleanery.db") as store:
        store.save(posts)
        data = gather(store, newest=3, classified_kinds=("post",))

    assert data.map.items_per_dot == 3
    assert len(data.map.dots) == math.ceil(len(posts) / 3)
    assert data.total == len(posts)
    assert len(data.newest) == 3


def test_the_report_of_an_empty_store_is_a_page(tmp_path):
    config = Config(home=tmp_path)
    with open_store("sqlite", config.store_file):
        pass

    total = report.write_report(config, tmp_path / "report.html")

    assert total == 0
    assert "수집 보고서" in Page((tmp_path / "report.html").read_text("utf-8")).text


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil.org", "http://[", " JavaScript:x"]
)
def test_the_report_links_only_to_web_pages(tmp_path, url):
    config = Config(home=tmp_path)
    page = Article(platform="web", external_id="x", url=url, title="<b>&amp;\x1b[31m\u202eA")
    with open_store("sqlite", config.store_file) as store:
        store.save([page])

    report.write_report(config, tmp_path / "report.html")
    shown = Page((tmp_path / "report.html").read_text("utf-8"))

    assert shown.links == []
    assert "<b>&amp; [31m A" in shown.text
    assert "\x1b" not in shown.text
    assert "\u202e" not in shown.text


def test_tables_show_text_as_it_is(capsys):
    print_table("[red]T[/red]", ("a", "#n"), [("[bold]x[/bold] :smile:", 3), ("\x1b[2J", None)])

    shown = capsys.readouterr().out

    assert "[red]T[/red]" in shown
    assert "[bold]x[/bold] :smile:" in shown
    assert "\x1b" not in shown


def test_printable_keeps_hangul_and_drops_controls():
    assert printable("한글\n제목\u200f\x07!") == "한글 제목  !"


def test_without_a_terminal_progress_is_a_line_now_and_then(capsys):
    item = Post(platform="reddit", external_id="1", url="https://x.org", depth=2)
    item.category = "food"

    with CrawlWatcher("reddit", terminal=False, line_seconds=0.0) as watcher:
        watcher.page_fetched()
        watcher.item_scraped(item)

    lines = capsys.readouterr().err.splitlines()
    assert lines[-1] == "reddit: pages 1 · items 1 · depth 2 · 1 categories (food 1 …)"


def test_help_needs_no_heavy_library():
    heavy = ["scrapy", "twisted", "numpy", "jinja2", "pydantic", "mcp", "yaml", "praw"]
    code = f"import commands.app, sys; print([m for m in {heavy} if m in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_a_crawl_loads_only_what_it_may_need():
    """Each of these takes tenths of a second; a crawl's process is started very often."""
    heavy = [
        "aiohttp", "trafilatura", "readability", "numpy", "mcp", "yt_dlp", "praw", "redis",
        "sqlalchemy", "twisted.conch",
    ]  # fmt: skip
    code = (
        "import sys; from scrapy.spiderloader import SpiderLoader;"
        "from scrapy.utils.misc import load_object;"
        "from scrapy.utils.project import get_project_settings; s = get_project_settings();"
        "SpiderLoader.from_settings(s);"
        "[load_object(c) for n in ('EXTENSIONS', 'ITEM_PIPELINES', 'SPIDER_MIDDLEWARES',"
        " 'DOWNLOADER_MIDDLEWARES') for c in s.get_component_priority_dict_with_base(n)];"
        f"print([m for m in {heavy} if m in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


def test_the_template_never_switches_escaping_off():
    template = Path(report.__file__).with_name(report.TEMPLATE).read_text("utf-8")

    assert "|safe" not in template.replace(" ", "")
    assert "autoescape" not in template
