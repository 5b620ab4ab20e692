"""``gleanery evaluate``: how good an engine is on labelled rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from commands.output import AsJson, print_json, print_table


def evaluate(
    *,
    data: Annotated[
        Path, typer.Option(help='JSON lines: {"text", "category", "lang"?, "title"?, "source"?}.')
    ],
    engine: Annotated[str | None, typer.Option(help="Engine; default MODEL_ENGINE.")] = None,
    profile: Annotated[
        str | None, typer.Option(help="Trained head: NAME or NAME@VERSION (see `feedback list`).")
    ] = None,
    cross_source: Annotated[
        bool,
        typer.Option(help="Train on all sources of the file but one, ask about that one, in turn."),
    ] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Rows at most, evenly spread over the file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure an engine on labelled rows (엔진 평가)."""
    from commands.counting import counting_bar
    from gleanery.config import load_config
    from model_server.evaluate import evaluate as compare
    from model_server.evaluate import load_rows, spread

    config = load_config()
    rows = spread(load_rows(data), limit)
    name = engine or config.model_engine
    if cross_source:
        from commands.feedback import show_rehearsal

        show_rehearsal(name, rows, as_json=as_json)
        return
    options = {"profile": profile} if profile else {}
    with counting_bar(f"evaluate {name}") as progress:
        figures = compare(name, rows, cache=config.home / "cache", progress=progress, **options)
    if as_json:
        print_json(figures)
    else:
        _show(figures)


def _show(figures: dict[str, Any]) -> None:
    plain = ((k, v) for k, v in figures.items() if not isinstance(v, dict))
    print_table("Evaluation / 평가", ("figure", "#value"), plain)
    for name, title in (
        ("per_class", "By category / 분류별"),
        ("per_language", "By language / 언어별"),
        ("per_source", "By source / 출처별"),
    ):
        groups: dict[str, dict[str, Any]] = figures[name]
        heads = list(next(iter(groups.values()), {}))
        rows = ((key, *(values[head] for head in heads)) for key, values in groups.items())
        print_table(title, (name.removeprefix("per_"), *(f"#{head}" for head in heads)), rows)
