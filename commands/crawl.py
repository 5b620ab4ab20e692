"""``gleanery crawl``: run a spider, see it run, read what it brought."""

from __future__ import annotations

import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.output import AsJson, console, print_json, print_table, say

if TYPE_CHECKING:
    from scrapy.settings import Settings

    from commands.crawling import Report
    from spiders.base import SpiderArguments

Pair = partial(typer.Option, metavar="NAME=VALUE")
Arguments = Annotated[
    list[str] | None,
    typer.Argument(metavar="NAME=VALUE", help="The spider's arguments, e.g. query=ai."),
]
ScrapyArguments = Annotated[list[str] | None, Pair("-a", help="The same, as scrapy writes it.")]
ScrapySettings = Annotated[list[str] | None, Pair("-s", help="A Scrapy setting.")]
Output = Annotated[
    Path | None,
    typer.Option("-O", "--output", help="Also write the items to FILE (.jsonl, .csv, …)."),
]
Job = Annotated[
    str | None, typer.Option(help="Keep the queue under this name; goes on after max_items, too.")
]


def crawl(
    *,
    platform: Annotated[str, typer.Argument(metavar="PLATFORM", help="reddit, google, youtube, …")],
    given: Arguments = None,
    arguments: ScrapyArguments = None,
    settings: ScrapySettings = None,
    output: Output = None,
    job: Job = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show what it would fetch first, and end. / 시험 실행."),
    ] = False,
    help_arguments: Annotated[
        bool, typer.Option("--help-arguments", help="Show the spider's arguments and end.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Crawl a platform breadth-first, classify and store (수집, 분류, 저장)."""
    from commands.crawling import arguments_of, run_crawl, spider_class
    from commands.progress import CrawlWatcher

    project = _project_settings(settings or [], job=job, output=output)
    if help_arguments:
        _show_arguments(platform, arguments_of(spider_class(project, platform)), as_json=as_json)
        return
    spider_arguments = _pairs([*(given or []), *(arguments or [])], "argument")
    if dry_run:
        _show_first(platform, spider_arguments, project, as_json=as_json)
        return
    limit = spider_arguments.get("max_items", "0")
    watcher = CrawlWatcher(platform, max_items=int(limit) if limit.isdigit() else 0)
    report = run_crawl(platform, spider_arguments, settings=project, watcher=watcher)
    if as_json:
        print_json(report)
    else:
        _show_report(report)
    _exit_for(report["reason"])


def _project_settings(given: list[str], *, job: str | None, output: Path | None) -> Settings:
    from commands.crawling import project_settings, queue_folder
    from gleanery.config import load_config

    config = load_config()
    laid_over = _pairs(given, "-s")
    if job:
        laid_over["JOBDIR"] = str(queue_folder(config.home, job))
    project = project_settings(config, laid_over)
    if output:
        from scrapy.utils.conf import feed_process_params_from_cli

        feeds = feed_process_params_from_cli(project, [], overwrite_output=[str(output)])
        project.set("FEEDS", feeds, priority="cmdline")
    return project


def _pairs(words: list[str], what: str) -> dict[str, str]:
    from gleanery.errors import ConfigError

    pairs = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise ConfigError(f"{what} {word!r}: write NAME=VALUE")
        pairs[name] = value
    return pairs


def _show_arguments(name: str, model: type[SpiderArguments], *, as_json: bool) -> None:
    properties: dict[str, dict[str, Any]] = model.model_json_schema()["properties"]
    if as_json:
        print_json(properties)
        return
    rows = (
        (
            f"{key}{' *' if key in (*model.SEED_KINDS, 'seeds', 'profile') else ''}",
            _type_of(schema),
            "" if schema.get("default") is None else schema["default"],
            schema.get("description", ""),
        )
        for key, schema in properties.items()
    )
    print_table(f"gleanery crawl {name} NAME=VALUE …", ("name", "type", "default", "what"), rows)
    console().print("* a starting point: one of these is needed (시작점: 하나 이상 필요).")


def _type_of(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "anyOf" in schema:
        return " | ".join(_type_of(s) for s in schema["anyOf"] if s.get("type") != "null")
    return str(schema.get("format") or schema.get("type", ""))


def _show_first(
    platform: str, arguments: dict[str, str], settings: Settings, *, as_json: bool
) -> None:
    from commands.crawling import first_requests

    found = first_requests(platform, arguments, settings=settings)
    if as_json:
        print_json(asdict(found))
        return
    print_table(
        f"{platform}: would fetch first / 처음에 가져올 것",
        ("address / 주소", "seed / 시드", "#depth", "read by"),
        ((f"{r.method} {r.url} {r.body}", r.seed, r.depth, r.callback) for r in found.requests),
    )
    for text in found.warnings:
        say(text)
    if found.revisit:
        say(f"Before them, stored items visited again / 먼저 다시 찾아갈 항목: ≤ {found.revisit}")
    if found.more:
        say("There are more (이 밖에 더 있습니다).")


def _show_report(report: Report) -> None:
    stats = report["stats"]
    saved = {k.rsplit("/", 1)[1]: v for k, v in stats.items() if k.startswith("store/saved/")}
    rows = [
        ("ended", report["reason"]),
        *([("gone on with", left)] if (left := stats.get("frontier/resumed")) else ()),
        ("seconds", round(stats.get("elapsed_time_seconds", 0), 1)),
        ("pages", stats.get("response_received_count", 0)),
        ("items", stats.get("item_scraped_count", 0)),
        *((f"  {kind}", count) for kind, count in saved.items()),
        *([("waiting for the store", n)] if (n := stats.get("store/waiting_items")) else ()),
        ("depth", stats.get("request_depth_max", 0)),
        ("dropped", stats.get("item_dropped_count", 0)),
        ("errors", stats.get("log_count/ERROR", 0)),
    ]
    print_table(f"{report['spider']}: crawl / 수집 결과", ("what", "#value"), rows)


def _exit_for(reason: str) -> None:
    if reason == "finished" or reason.startswith(("max_", "closespider_")):
        return
    if reason == "shutdown":
        sys.stderr.write(
            "gleanery: stopped by you; the same command goes on"
            " (중단됨: 같은 명령으로 이어집니다)\n"
        )
        raise typer.Exit(130)
    sys.stderr.write(f"gleanery: the crawl was closed: {reason}\n")
    raise typer.Exit(1)
