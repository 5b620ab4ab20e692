"""``gleanery evaluate-images``: which way of writing pictures out a text model reads best."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

from commands.output import AsJson, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_server.evaluate_images import FormResult
    from model_server.images import Order


def evaluate_images(
    folder: Annotated[Path, typer.Argument(help="FOLDER/<what it shows>/image.png …")],
    *,
    engine: Annotated[
        str | None,
        typer.Option(help="A language model, e.g. llama_cpp:FILE; default MODEL_ENGINE."),
    ] = None,
    sizes: Annotated[str, typer.Option(help="Widths and heights, 4 to 64.")] = "16,30",
    colours: Annotated[str, typer.Option(help="Sizes of the palette, 2 to 16; 0 = none.")] = "16",
    orders: Annotated[str, typer.Option(help="Of the pixels.")] = "rows,columns,diagonals",
    as_json: AsJson = False,
) -> None:
    """Compare ways to show images to a text model (이미지 표현 비교)."""
    from dataclasses import asdict

    from commands.counting import counting_bar
    from gleanery.config import load_config
    from model_server.evaluate_images import (
        evaluate_images,
        find_images,
        forms,
        load_language_model,
    )

    config = load_config()
    wanted = forms(_numbers("sizes", sizes), _numbers("colours", colours), _orders(orders))
    images = find_images(folder)
    model = load_language_model(
        engine or config.model_engine,
        engines_file=config.model_engines_file,
        cache=config.home / "cache",
    )
    try:
        with counting_bar("evaluate-images") as progress:
            results = list(evaluate_images(model, images, wanted, progress=progress))
    finally:
        model.close()
    if as_json:
        print_json([asdict(result) for result in results])
    else:
        _show(model.weights, results)


def _show(weights: str, results: Sequence[FormResult]) -> None:
    names = ("size", "colours", "order", "images", "accuracy", "chance", "tokens", "seconds")
    print_table(
        f"Images / 이미지 – {weights}",
        (*(name if name == "order" else f"#{name}" for name in names), "error"),
        ((*(getattr(r, name) for name in names), r.error) for r in results),
    )


def _numbers(name: str, text: str) -> list[int]:
    from gleanery.errors import ConfigError
    from model_server.images import COLOURS, SIZES

    allowed = SIZES if name == "sizes" else (0, *COLOURS)
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and int(word) in allowed for word in words):
        raise ConfigError(f"--{name} {text!r}: numbers parted by commas, each one of {allowed}")
    return [int(word) for word in words]


def _orders(text: str) -> list[Order]:
    from gleanery.errors import ConfigError
    from model_server.images import Order

    words = [word.strip() for word in text.split(",")]
    if unknown := [word for word in words if word not in get_args(Order)]:
        raise ConfigError(f"--orders: no order {unknown[0]!r}; there are {get_args(Order)}")
    return [cast("Order", word) for word in words]
