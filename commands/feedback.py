"""``gleanery feedback``: teach an engine with labels that people corrected."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import AsJson, print_json, print_table, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from model_server.evaluate import LabelledRow
    from model_server.likeness.profiles import Card

feedback = typer.Typer(
    help="Teach an engine with corrected labels (수정된 라벨로 학습).", no_args_is_help=True
)
EngineName = Annotated[str, typer.Option(help="Engine that learns.")]
Name = Annotated[str, typer.Argument(help="Profile.")]
KINDS = (
    ("before", "prototypes alone / 학습 전"),
    ("inside", "unseen documents / 처음 보는 문서"),
    ("across", "unseen sources / 처음 보는 출처"),
)
"""Figures of a card, and what they mean."""


@feedback.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(help="CSV or JSON lines: text, category, lang?, title?, source?")
    ],
    *,
    engine: EngineName = "e5",
    profile: Annotated[str, typer.Option(help="Profile to teach; made if it is new.")] = "default",
    as_json: AsJson = False,
) -> None:
    """Learn from labelled rows, beside those of before (라벨 가져와 학습)."""
    from model_server.likeness.feedback import read_feedback

    _learn(engine, read_feedback(file), profile, as_json=as_json)


@feedback.command()
def retrain(name: Name, *, engine: EngineName = "e5", as_json: AsJson = False) -> None:
    """Learn from the same rows again: new taxonomy, new weights (다시 학습)."""
    _learn(engine, [], name, as_json=as_json)


@feedback.command("list")
def list_(as_json: AsJson = False) -> None:
    """List profiles and their versions (프로필 목록)."""
    from gleanery.config import load_config
    from model_server.likeness.profiles import current_version, list_profiles

    folder = load_config().home / "profiles"
    found = list_profiles(folder)
    now = {name: current_version(name, folder) for name in found}
    if as_json:
        print_json(
            {
                name: {"current": now[name], "versions": [asdict(card) for card in cards]}
                for name, cards in found.items()
            }
        )
        return
    rows = [
        (
            card.label + (" *" if card.version == now[card.name] else ""),
            card.created,
            card.rows,
            *(getattr(card, kind)["accuracy"] for kind, _ in KINDS),
        )
        for cards in found.values()
        for card in cards
    ]
    heads = ("profile (* in use)", "created", "#rows", *(f"#{kind}" for kind, _ in KINDS))
    print_table("Profiles / 프로필", heads, rows)


@feedback.command()
def rollback(
    name: Name,
    *,
    version: Annotated[
        int | None, typer.Option(min=1, help="Which; default the one before.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Use an older version again; none is deleted (이전 버전으로)."""
    from gleanery.config import load_config
    from model_server.likeness.profiles import roll_back

    card = roll_back(name, load_config().home / "profiles", version)
    if as_json:
        print_json(asdict(card))
    else:
        say(f"In use (사용 중): {card.label}, {card.rows} rows, {card.created}")


@feedback.command()
def correct(
    identity: Annotated[str, typer.Argument(help="Item, as `gleanery search` shows it.")],
    category: Annotated[str, typer.Argument(help="Key of the right category.")],
    *,
    subcategory: Annotated[str, typer.Option(help="Key inside it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Set a stored item's category; no model overrules it (항목 분류 바로잡기)."""
    from getpass import getuser

    from commands.opened import opened_store
    from gleanery.config import load_config
    from gleanery.errors import ConfigError
    from pipelines.correct import correct_label

    with opened_store(load_config()) as store:
        before = correct_label(
            store, identity, category, subcategory=subcategory or None, by=getuser()
        )
    if before is None:
        raise ConfigError(f"There is no item {identity!r} (없는 항목입니다)")
    if as_json:
        print_json({"identity": identity, "category": category, "before": before})
    else:
        say(f"{identity}: {before['category']} → {category} (바로잡았습니다)")


def show_rehearsal(engine: str, rows: Sequence[LabelledRow], *, as_json: bool) -> None:
    """Print how good a head trained on ``rows`` would be; nothing is kept."""
    from commands.counting import counting_bar
    from gleanery.config import load_config
    from model_server.likeness.feedback import embed_rows, load_reader, rehearse

    home = load_config().home
    reader = load_reader(engine, home / "profiles", home / "cache")
    with counting_bar(f"embed with {engine}") as progress:
        labelled = embed_rows(reader, rows, progress)
    result = rehearse(rows, labelled)
    reports = {kind: getattr(result, kind) for kind, _ in KINDS}
    if as_json:
        print_json(reports)
        return
    _table({kind: report | report["confidence"] for kind, report in reports.items()})
    sources = {kind: report["per_source"] for kind, report in reports.items()}
    print_table(
        "By source / 출처별",
        ("source", "#rows", *(f"#{kind}" for kind in sources)),
        (
            (name, group["rows"], *(sources[kind][name]["accuracy"] for kind in sources))
            for name, group in sources["before"].items()
        ),
    )


def _learn(engine: str, rows: Sequence[LabelledRow], name: str, *, as_json: bool) -> None:
    from commands.counting import counting_bar
    from gleanery.config import load_config
    from model_server.likeness.feedback import learn, load_reader
    from model_server.likeness.profiles import check_name

    check_name(name)
    home = load_config().home
    reader = load_reader(engine, home / "profiles", home / "cache")
    with counting_bar(f"teach {engine}") as progress:
        profile = learn(reader, rows, name=name, folder=home / "profiles", progress=progress)
    card: Card = profile.card
    if as_json:
        print_json(asdict(card))
        return
    _table({kind: getattr(card, kind) for kind, _ in KINDS})
    say(f"Profile (프로필): {card.label}, {card.rows} rows")
    say(f"Use it (사용): MODEL_ENGINE={engine}:{name}, or --profile {name}")


def _table(figures: Mapping[str, Mapping[str, float]]) -> None:
    names = ("accuracy", "macro_f1", "ece", "sure_share", "sure_accuracy")
    print_table(
        "Cross-validated / 교차 검증",
        ("heads on", *(f"#{name}" for name in names)),
        ((title, *(figures[kind][name] for name in names)) for kind, title in KINDS),
    )
