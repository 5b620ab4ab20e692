"""The command ``gleanery`` on a small store, and a crawl of a small site through it."""

from __future__ import annotations

import gzip
import json
import os
import pty
import signal
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from gleanery.demo import DemoServer
from items import Article, Comment, Post, load_taxonomy
from storage import open_store
from tests.cli import COMMAND, ROOT, environment, gleanery
from tests.conftest import wait_until
from tests.graph_site import GraphSite
from tests.page import Page

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
HOSTILE = '</title><script>alert(1)</script><img src=x onerror="alert(2)">'
GRAPH = ("-s", "SPIDER_MODULES=tests.spiders", "-s", "CLASSIFY_ENABLED=False")
FAST = ("-s", "AUTOTHROTTLE_ENABLED=False")
TREE = {n: [3 * n + 1, 3 * n + 2, 3 * n + 3] for n in range(13)}


def classified(item, category, **more):
    item.category, item.headline, item.classified_at = category, item.title, NOON
    for name, value in more.items():
        setattr(item, name, value)
    return item


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A store of five items, one of them hostile."""
    folder = tmp_path_factory.mktemp("home")
    page = "<html><p>베란다 태양광</p></html>".encode()
    article = Article(
        platform="web",
        external_id="https://example.org/solar",
        url="https://example.org/solar",
        title="베란다 태양광 발전량",
        text="재생에너지로 전기를 절약한 기록",
        raw_html=gzip.compress(page),
        fetched_at=NOON,
        published_at=NOON - timedelta(days=2),
        depth=1,
    )
    hostile = Post(
        platform="reddit",
        external_id="t3_evil",
        url="javascript:alert(document.domain)",
        title=HOSTILE,
        text="{{ 7 * 7 }} <b>bold</b>",
        fetched_at=NOON,
    )
    plain = Post(
        platform="reddit",
        external_id="t3_ok",
        url="https://www.reddit.com/comments/ok",
        title="Solar panels on my balcony",
        text="I measured the energy for a year.",
        fetched_at=NOON,
    )
    comment = Comment(platform="reddit", external_id="t1_c", url="https://x.org/c", text="Nice!")
    waiting = Post(platform="reddit", external_id="t3_new", url="https://x.org/n", title="Later")
    with open_store("sqlite", folder / "gleanery.db") as store:
        store.save(
            [
                classified(article, "environment_energy"),
                classified(hostile, "tech_it", needs_review=True),
                classified(plain, "environment_energy"),
                classified(comment, "social_community"),
                waiting,
            ]
        )
    return folder


def test_stats_counts_the_store(home):
    told = gleanery(home, "stats", "--json").json

    assert told["total"] == 5
    assert told["items"] == {"reddit": 4, "web": 1}
    assert told["categories"] == {"environment_energy": 2, "social_community": 1, "tech_it": 1}
    assert (told["unclassified"], told["needs_review"]) == (1, 1)
    assert "environment_energy" in gleanery(home, "stats").stdout


def test_show_gives_the_whole_item_and_the_page_as_fetched(home):
    identity = "web:https://example.org/solar"

    row = gleanery(home, "show", identity, "--json").json
    raw = subprocess.run(
        [*COMMAND, "show", identity, "--raw"],
        cwd=ROOT,
        env=environment(home),
        capture_output=True,
        check=True,
    )

    assert (row["identity"], row["kind"], row["depth"]) == (identity, "article", 1)
    assert row["text"] == "재생에너지로 전기를 절약한 기록"
    assert raw.stdout == "<html><p>베란다 태양광</p></html>".encode()
    assert "베란다 태양광 발전량" in gleanery(home, "show", identity).stdout


def test_show_tells_what_it_does_not_have(home):
    assert "No item 'reddit:nope'" in gleanery(home, "show", "reddit:nope").error
    assert "No page was kept" in gleanery(home, "show", "reddit:t3_ok", "--raw").error


def test_search_finds_korean_and_english(home):
    korean = gleanery(home, "search", "태양광", "--json").json
    english = gleanery(home, "search", "solar energy", "--limit", "1")

    assert [row["identity"] for row in korean] == ["web:https://example.org/solar"]
    assert "Solar panels on my balcony" in english.stdout
    assert "reddit:t3_ok" in english.stdout
    assert gleanery(home, "search", "nonsense", "--json").json == []


def test_the_report_is_one_safe_page(home, tmp_path):
    out = tmp_path / "deep" / "report.html"

    told = gleanery(home, "report", "--out", str(out), "--json").json
    html = out.read_text("utf-8")
    page = Page(html)

    assert told == {"report": str(out), "items": 5, "bytes": out.stat().st_size}
    assert page.dangers == []
    assert "script" not in page.tags
    assert sorted(set(page.links)) == [
        "https://example.org/solar",
        "https://www.reddit.com/comments/ok",
        "https://x.org/n",
    ]
    assert HOSTILE in page.text  # shown as text, not run
    assert "환경·에너지" in page.text
    assert "베란다 태양광 발전량" in page.text
    assert "default-src 'none'" in html


def test_the_taxonomy_and_the_profiles_are_listed(home):
    taxonomy = gleanery(home, "taxonomy", "--json").json
    profiles = gleanery(home, "profiles", "--json")

    assert tuple(c["key"] for c in taxonomy["categories"]) == load_taxonomy().keys
    assert isinstance(profiles.json, dict)


@pytest.mark.parametrize(
    ("arguments", "env", "status", "message"),
    [
        (["stats"], {"GLEANERY_HOME": "/nonexistent"}, 1, "Nothing has been collected"),
        (["stats"], {"GLEANERY_HOEM": "x"}, 2, "Did you mean GLEANERY_HOME"),
        (["stats"], {"GLEANERY_STORE": "mongo"}, 2, "No store is called 'mongo'"),
        (["crawl", "redit"], {}, 2, "Did you mean 'reddit'"),
        (["crawl", "reddit", "news"], {}, 2, "write NAME=VALUE"),
        (["crawl", "reddit", "subredit=news"], {}, 2, "Did you mean 'subreddit'"),
        (["crawl", "reddit"], {}, 2, "nothing to start from"),
        (["crawl", "reddit", "subreddit=news"], {}, 2, "GLEANERY_REDDIT_CLIENT_ID"),
        (["crawl", "reddit", "post=abc", "--job", "../x"], {}, 2, "letters, digits"),
        (["evaluate", "--data", "nowhere.jsonl"], {}, 2, "Cannot read nowhere.jsonl"),
        (["report", "--out", "/proc/report.html"], {}, 2, "Cannot write"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_mistake_is_one_clear_line(home, arguments, env, status, message):
    result = gleanery(home, *arguments, **env)

    assert message in result.error
    assert result.returncode == status


def test_a_spider_explains_its_arguments(home):
    told = gleanery(home, "crawl", "reddit", "--help-arguments", "--json").json

    assert {"subreddit", "sort", "max_depth", "category"} <= told.keys()
    assert all(argument["description"] for argument in told.values())
    assert "max_depth" in gleanery(home, "crawl", "youtube", "--help-arguments").stdout


def test_a_crawl_stores_feeds_and_reports(tmp_path):
    feed = tmp_path / "out.jsonl"
    with GraphSite(TREE) as site:
        result = gleanery(
            tmp_path,
            *("crawl", "graph", f"page={site.url}/page/0", "-a", "max_depth=2"),
            *(*GRAPH, *FAST, "-O", str(feed), "--json"),
        )

    assert result.returncode == 0, result.stderr
    assert result.json["reason"] == "finished"
    assert result.json["stats"]["item_scraped_count"] == 13
    assert len(feed.read_text().splitlines()) == 13
    assert gleanery(tmp_path, "stats", "--json").json["depths"] == {"0": 1, "1": 3, "2": 9}


def test_a_terminal_shows_progress_and_a_summary(tmp_path):
    with GraphSite(TREE, jitter=0.02) as site:
        ours, theirs = pty.openpty()
        done = subprocess.run(
            [*COMMAND, "crawl", "graph", f"page={site.url}/page/0", "max_items=13", *GRAPH, *FAST],
            cwd=ROOT,
            env=environment(tmp_path, COLUMNS="120", TERM="xterm"),
            stdout=subprocess.PIPE,
            stderr=theirs,
            text=True,
            timeout=180,
            check=False,
        )
        os.close(theirs)
        shown = os.read(ours, 100_000).decode()
        os.close(ours)

    assert done.returncode == 0, shown
    assert "graph" in shown
    assert "pages" in shown
    assert "items 13" in shown
    assert "max_items" in done.stdout


@pytest.mark.slow
def test_a_job_is_stopped_and_resumed(tmp_path):
    links = {n: [n + 1] for n in range(40)}
    with GraphSite(links, jitter=0.1) as site:
        words = ["crawl", "graph", f"page={site.url}/page/0", "max_depth=40", *GRAPH, *FAST]
        words += ["--job", "night-1"]
        child = subprocess.Popen(
            [*COMMAND, *words],
            cwd=ROOT,
            env=environment(tmp_path),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_until(lambda: len(site.fetched) > 5, seconds=90)
        child.send_signal(signal.SIGINT)
        _, stopped = child.communicate(timeout=180)
        queue = tmp_path / "queues" / "night-1"
        kept = queue.is_dir()
        resumed = gleanery(tmp_path, *words, "--json")

    assert child.returncode == 130
    assert "the same command goes on" in stopped
    assert kept
    assert resumed.json["reason"] == "finished"
    assert sorted(site.fetched) == list(range(41))
    assert not queue.exists()


def test_refused_credentials_end_a_crawl_with_a_message(tmp_path):
    with DemoServer() as site:
        result = gleanery(
            tmp_path,
            *("crawl", "youtube", "video=glDemoVid01", "-s", "LOG_LEVEL=CRITICAL", "--json"),
            GLEANERY_YOUTUBE_API_URL=f"{site.url}/youtube/v3",
            GLEANERY_YOUTUBE_API_KEY="wrong",
        )

    assert result.returncode == 1
    assert "credentials_refused" in result.error
    assert json.loads(result.stdout)["reason"] == "credentials_refused"
