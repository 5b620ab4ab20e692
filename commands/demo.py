"""``gleanery demo``: the whole of it on a sample world of our own, without network or keys."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.output import AsJson, print_json, print_table, say

if TYPE_CHECKING:
    from gleanery.config import Config
    from gleanery.demo import DemoServer
    from storage import Store

PLATFORMS = ("reddit", "google", "youtube")
STATE = (
    "gleanery.db", "gleanery.db-shm", "gleanery.db-wal", "seeds.yaml", "report.html", "jobs",
    "frontier",
)  # fmt: skip
"""What an earlier demo left, stopped ones too; nothing else in the folder is touched."""


def demo(
    *,
    home: Annotated[Path, typer.Option(help="Folder of the demo's state.")] = Path(".demo"),
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the sample sites up afterwards, until Ctrl-C.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Crawl, classify and report a sample world of our own (견본 세계로 둘러보기)."""
    from gleanery.config import load_config
    from gleanery.demo import DemoServer

    own = {"home": home, "store": "sqlite", "store_path": None}
    config = load_config().model_copy(update=own)
    _clear(home)
    with DemoServer() as site:
        say(f"Sample world / 견본 세계: {site.url} → {home}", stderr=as_json)
        _write_seeds(home / "seeds.yaml", site.url)
        for platform in PLATFORMS:
            say(_crawl(platform, home, site), stderr=as_json)
        result = _finish(config, as_json=as_json)
        if as_json:
            print_json(result)
        else:
            say(f"Report / 보고서: {home / 'report.html'}")
            say(f"Look further / 더 보기: GLEANERY_HOME={home} gleanery stats")
        _check(result)
        if keep:
            say(f"The sample sites stay at {site.url}; Ctrl-C ends (종료: Ctrl-C).", stderr=True)
            signal.pause()


def _clear(home: Path) -> None:
    for path in (home / name for name in STATE):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    home.mkdir(parents=True, exist_ok=True)


def _write_seeds(path: Path, base: str) -> None:
    import yaml

    from gleanery.demo.reddit import SUBREDDIT

    rows: list[dict[str, Any]] = [
        {"platform": "reddit", "kind": "subreddit", "value": SUBREDDIT, "options": {"sort": "new"}},
        {
            "platform": "google",
            "kind": "top",
            "value": "true",
            "options": {"language": "ko", "country": "KR"},
        },
        {"platform": "google", "kind": "feed", "value": f"{base}/feed.xml?hl=en"},
    ]
    channels = ("UCdemoKitchenAndHome0001", "UCdemoWorkbenchLab000002", "UCdemoCityDesk0000000003")
    rows += [{"platform": "youtube", "kind": "channel", "value": name} for name in channels]
    path.write_text(yaml.safe_dump(rows, allow_unicode=True, sort_keys=False), encoding="utf-8")


def _crawl(platform: str, home: Path, site: DemoServer) -> str:
    """Run ``gleanery crawl`` in a process of its own, and return what it did on one line.

    Of its own, because a reactor runs once in a process.
    """
    from gleanery.errors import GleaneryError

    command = [sys.executable, "-m", "commands.app", "crawl", platform]
    command += [f"seeds={home / 'seeds.yaml'}", "-s", "AUTOTHROTTLE_ENABLED=False", "--json"]
    command += ["comments=50"] if platform == "youtube" else []
    child = subprocess.Popen(  # noqa: S603 (our own command, our own words)
        command,
        env=_environment(home, site.url),
        stdout=subprocess.PIPE,
        process_group=0,  # Ctrl-C reaches it once, from us: twice would end it in disorder
    )
    try:
        told, _ = child.communicate()
    except KeyboardInterrupt:
        child.send_signal(signal.SIGINT)
        child.communicate()
        raise
    if child.returncode:
        raise GleaneryError(f"The demo's {platform} crawl ended with status {child.returncode}.")
    stats = json.loads(told)["stats"]
    return (
        f"{platform}: {stats.get('item_scraped_count', 0)} items / 항목,"
        f" {stats.get('response_received_count', 0)} pages / 페이지,"
        f" {stats['elapsed_time_seconds']:.1f} s"
    )


def _environment(home: Path, base: str) -> dict[str, str]:
    """Return the environment of a crawl: the operator's own, but for where the platforms are."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GLEANERY_") or name.startswith("GLEANERY_MODEL_")
    }
    # the engine's first start computes for a while; a slow machine must not lose items to it
    return (
        {"GLEANERY_MODEL_TIMEOUT_SECONDS": "600"}
        | kept
        | {
            "GLEANERY_HOME": str(home),
            "GLEANERY_ALLOWED_ADDRESSES": "127.0.0.0/8",
            "GLEANERY_REDDIT_URL": base,
            "GLEANERY_REDDIT_OAUTH_URL": base,
            "GLEANERY_REDDIT_CLIENT_ID": "demo",
            "GLEANERY_REDDIT_CLIENT_SECRET": "demo",
            "GLEANERY_GOOGLE_NEWS_URL": base,
            "GLEANERY_GOOGLE_NEWS_ACCEPT_TERMS": "true",
            "GLEANERY_YOUTUBE_API_URL": f"{base}/youtube/v3",
            "GLEANERY_YOUTUBE_API_KEY": "demo",
            "no_proxy": "127.0.0.1",
            "NO_PROXY": "127.0.0.1",
        }
    )


def _finish(config: Config, *, as_json: bool) -> dict[str, Any]:
    """Count, print the table and write the report; return the counts."""
    from dataclasses import asdict

    from commands.report import write_report
    from storage import open_store

    write_report(config, config.home / "report.html")
    with open_store("sqlite", config.store_file) as store:
        counted = asdict(store.stats(classified_kinds=config.classify_kinds))
        if not as_json:
            _print_titles(store)
    return counted


def _print_titles(store: Store) -> None:
    from items import load_taxonomy

    names = {c.key: f"{c.name_ko} · {c.name_en}" for c in load_taxonomy().categories}
    rows = [row for row in store.scan() if row["category"] and row["kind"] != "comment"]
    rows.sort(key=lambda row: (list(names).index(row["category"]), row["platform"]))
    first = {row["category"]: row["identity"] for row in reversed(rows)}
    print_table(
        "Categories and titles / 분류와 제목",
        ("category", "platform", "title…"),
        (
            (
                names[row["category"]] if first[row["category"]] == row["identity"] else "",
                row["platform"],
                row["headline"] or row["title"],
            )
            for row in rows
        ),
    )


def _check(counted: dict[str, Any]) -> None:
    """Raise if less came out than was promised."""
    from gleanery.demo.world import ENOUGH_CATEGORIES, ENOUGH_DOCUMENTS
    from gleanery.errors import GleaneryError

    documents, categories = sum(counted["categories"].values()), len(counted["categories"])
    if documents < ENOUGH_DOCUMENTS or categories < ENOUGH_CATEGORIES or counted["unclassified"]:
        raise GleaneryError(
            f"The demo gave {documents} classified documents in {categories} categories and left"
            f" {counted['unclassified']} unclassified; at least {ENOUGH_DOCUMENTS} in"
            f" {ENOUGH_CATEGORIES} were promised. Please report this."
        )
