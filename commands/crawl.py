"""``gleanery crawl``: run a spider, see it run, read what it brought."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.output import AsJson, console, print_json, print_table

if TYPE_CHECKING:
    from commands.crawling import Report
    from spiders.base import SpiderArguments

GOOD_REASONS = ("finished", "max_items")
"""Close reasons that mean the crawl did what it was asked; Scrapy's own limits are good, too."""


def crawl(
    *,
    platform: Annotated[str, typer.Argument(metavar="PLATFORM", help="reddit, google, youtube, …")],
    given: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME=VALUE", help="The spider's arguments, e.g. query=ai."),
    ] = None,
    arguments: Annotated[
        list[str] | None,
        typer.Option("-a", metavar="NAME=VALUE", help="The same, as scrapy writes it."),
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("-s", metavar="NAME=VALUE", help="A Scrapy setting.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-O", "--output", help="Also write the items to FILE (.jsonl, .csv, …)."),
    ] = None,
    job: Annotated[
        str | None,
        typer.Option(help="Name of a job that can be stopped (Ctrl-C) and resumed."),
    ] = None,
    help_arguments: Annotated[
        bool, typer.Option("--help-arguments", help="Show the spider's arguments and end.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Crawl a platform breadth-first, classify and store (수집, 분류, 저장)."""
    from commands.crawling import (
        arguments_of,
        project_settings,
        queue_folder,
        run_crawl,
        spider_class,
    )
    from commands.progress import CrawlWatcher
    from gleanery.config import load_config

    config = load_config()
    laid_over = _pairs(settings or [], "-s")
    if job:
        laid_over["JOBDIR"] = str(queue_folder(config.home, job))
    project = project_settings(config, laid_over)
    if output:
        from scrapy.utils.conf import feed_process_params_from_cli

        feeds = feed_process_params_from_cli(project, [], overwrite_output=[str(output)])
        project.set("FEEDS", feeds, priority="cmdline")
    if help_arguments:
        _show_arguments(platform, arguments_of(spider_class(project, platform)), as_json=as_json)
        return
    spider_arguments = _pairs([*(given or []), *(arguments or [])], "argument")
    limit = spider_arguments.get("max_items", "0")
    watcher = CrawlWatcher(platform, max_items=int(limit) if limit.isdigit() else 0)
    report = run_crawl(platform, spider_arguments, settings=project, watcher=watcher)
    if as_json:
        print_json(report)
    else:
        _show_report(report)
    _exit_for(report["reason"], job)


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


def _show_report(report: Report) -> None:
    stats = report["stats"]
    saved = {k.rsplit("/", 1)[1]: v for k, v in stats.items() if k.startswith("store/saved/")}
    rows = [
        ("ended", report["reason"]),
        ("seconds", round(stats.get("elapsed_time_seconds", 0), 1)),
        ("pages", stats.get("response_received_count", 0)),
        ("items", stats.get("item_scraped_count", 0)),
        *((f"  {kind}", count) for kind, count in saved.items()),
        ("depth", stats.get("request_depth_max", 0)),
        ("dropped", stats.get("item_dropped_count", 0)),
        ("errors", stats.get("log_count/ERROR", 0)),
    ]
    print_table(f"{report['spider']}: crawl / 수집 결과", ("what", "#value"), rows)


def _exit_for(reason: str, job: str | None) -> None:
    if reason in GOOD_REASONS or reason.startswith("closespider_"):
        return
    if reason == "shutdown":
        hint = f"; run it again with --job {job} to go on" if job else ""
        sys.stderr.write(f"gleanery: stopped by you (중단됨){hint}\n")
        raise typer.Exit(130)
    sys.stderr.write(f"gleanery: the crawl was closed: {reason}\n")
    raise typer.Exit(1)
