"""``gleanery compare``: several engines on the same labelled rows, and which one to use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import AsJson, print_json, print_table, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_server.compare import Comparison
    from model_server.evaluate import LabelledRow
    from model_server.trial import Contender, Trial

TEMPLATE = "compare.html.j2"


def compare(
    *,
    engines: Annotated[
        str, typer.Option(help="Engines as MODEL_ENGINE names them, parted by commas.")
    ],
    data: Annotated[
        Path, typer.Option(help='JSON lines: {"text", "category", "lang"?, "title"?, "source"?}.')
    ],
    profile: Annotated[
        list[str] | None,
        typer.Option(help="Trained head; engines that take one run once more with it. Repeatable."),
    ] = None,
    cross_source: Annotated[
        bool,
        typer.Option(help="Also try engines that learn with heads trained on all sources but one."),
    ] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Rows at most, evenly spread over the file.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Page to write; default HOME/compare.html.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare engines on labelled rows and recommend one (엔진 비교)."""
    from dataclasses import asdict

    from gleanery.config import load_config
    from model_server.compare import compare_trials
    from model_server.comparisons import keep_comparison
    from model_server.evaluate import load_rows, spread

    config = load_config()
    rows = spread(load_rows(data), limit)
    contenders = _contenders(engines, profile or (), config.model_engines_file)
    trials = _run(contenders, rows, config.home / "cache")
    across = _across(contenders, rows, config.home) if cross_source else {}
    comparison = compare_trials(rows, trials | across, shown=across)
    path = out or config.home / "compare.html"
    _write(comparison, path)
    keep_comparison(config.home, comparison, data=data.name)
    if as_json:
        print_json(asdict(comparison) | {"page": str(path)})
    else:
        _show(comparison)
        say(f"Page (보고서): {path}")


def _contenders(engines: str, profiles: Sequence[str], file: Path | None) -> list[Contender]:
    """Return every engine, and again with each profile if it takes one.

    Raises:
        ConfigError: None is named, one twice, or an option is wrong.
        RegistryError: There is no such engine.
    """
    from gleanery.errors import ConfigError
    from model_server.trial import Contender

    names = [name.strip() for name in engines.split(",") if name.strip()]
    if not names or len(set(names)) < len(names):
        raise ConfigError(f"--engines {engines!r}: name at least one engine, and each once")
    found = []
    for name in names:
        found.append(Contender(engine=name, engines_file=file))
        if found[-1].learns:
            found += [
                Contender(engine=name, engines_file=file, options={"profile": profile})
                for profile in profiles
            ]
    return found


def _run(
    contenders: Sequence[Contender], rows: Sequence[LabelledRow], cache: Path
) -> dict[str, Trial]:
    """Try one engine after the other: side by side they would slow each other down."""
    from commands.counting import counting_bar
    from model_server.evaluate import documents_of
    from model_server.trial import run_trial_apart

    documents = documents_of(rows)
    trials: dict[str, Trial] = {}
    for contender in contenders:
        with counting_bar(f"compare {contender.name}") as progress:
            trials[contender.name] = run_trial_apart(
                contender, documents, cache=cache, progress=progress
            )
    return trials


def _across(
    contenders: Sequence[Contender], rows: Sequence[LabelledRow], home: Path
) -> dict[str, Trial]:
    """Try those that learn from labels on each source, taught by the others."""
    from commands.counting import counting_bar
    from model_server.likeness.feedback import try_across

    trials: dict[str, Trial] = {}
    for contender in contenders:
        if contender.learns and not contender.options:
            name = f"{contender.name}, taught by other sources"
            with counting_bar(f"compare {name}") as progress:
                trials[name] = try_across(
                    contender.engine,
                    rows,
                    folder=home / "profiles",
                    cache=home / "cache",
                    progress=progress,
                )
    return trials


def _show(comparison: Comparison) -> None:
    columns = ("accuracy", "macro_f1", "docs_per_second", "memory_mb", "load_seconds")
    print_table(
        f"Engines / 엔진 ({comparison.rows} rows)",
        ("engine", *(f"#{c}" for c in columns), "#sure", "#sure right", "#ECE"),
        (
            (name, *(f[c] for c in columns), *_confidence(f["confidence"]))
            for name, f in comparison.engines.items()
        ),
    )
    print_table(
        "By language and source / 언어·출처별 accuracy",
        ("group", *(f"#{name}" for name in comparison.engines)),
        _groups(comparison),
    )
    if comparison.pairs:
        print_table(
            "Pairs / 비교",
            ("engine", "other", "#agree", "#kappa", "#only first", "#only other", "#chance"),
            (
                (p.first, p.second, p.agreement, p.kappa, p.only_first, p.only_second, p.chance)
                for p in comparison.pairs
            ),
        )
    say(f"Recommended: {comparison.recommended} – {comparison.reason['en']}")
    say(f"추천: {comparison.recommended} – {comparison.reason['ko']}")


def _confidence(figures: dict[str, float]) -> tuple[float, ...]:
    return figures["sure_share"], figures["sure_accuracy"], figures["ece"]


def _groups(comparison: Comparison) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for kind in ("per_language", "per_source"):
        names = sorted({name for f in comparison.engines.values() for name in f[kind]})
        rows += [
            (name, *(f[kind][name]["accuracy"] for f in comparison.engines.values()))
            for name in names
        ]
    return rows


def _write(comparison: Comparison, path: Path) -> None:
    """Write the page.

    Raises:
        ConfigError: The file cannot be written.
    """
    from commands.page import write_page
    from items import load_taxonomy

    write_page(TEMPLATE, path, comparison=comparison, taxonomy=load_taxonomy())
