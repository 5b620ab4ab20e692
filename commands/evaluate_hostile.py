"""``gleanery evaluate-hostile``: do documents that give orders move an engine?"""

from __future__ import annotations

from typing import Annotated

import typer

from commands.output import AsJson, print_json, print_table


def evaluate_hostile(
    *,
    engine: Annotated[str | None, typer.Option(help="Engine; default MODEL_ENGINE.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show orders hidden in documents to an engine (숨은 지시에 대한 저항)."""
    from dataclasses import asdict

    from commands.counting import counting_bar
    from gleanery.config import load_config
    from model_server.hostile import evaluate_hostile as show

    config = load_config()
    name = engine or config.model_engine
    with counting_bar(f"evaluate-hostile {name}") as progress:
        report = show(
            name,
            cache=config.home / "cache",
            engines_file=config.model_engines_file,
            progress=progress,
        )
    figures = asdict(report)
    if as_json:
        print_json(figures)
    else:
        print_table("Orders in documents / 문서 속 지시", ("figure", "#value"), figures.items())
