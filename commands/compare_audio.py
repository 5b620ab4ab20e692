"""``gleanery compare-audio``: which engine, and whether to take noise and music away first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import AsJson, print_json, print_table, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from commands.audio_trial import AudioTrial
    from gleanery.audio_plan import AudioPlan

TEMPLATE = "compare_audio.html.j2"


def compare_audio(
    folder: Annotated[Path, typer.Argument(help="Sound files, each with its text: x.wav, x.txt.")],
    *,
    engines: Annotated[
        str, typer.Option(help="Engines that transcribe, NAME:MODEL, parted by commas.")
    ],
    denoise: Annotated[
        str, typer.Option(help="Engine that denoises; default DENOISE_ENGINE.")
    ] = "",
    separate: Annotated[str, typer.Option(help="The same that separates; SEPARATE_ENGINE.")] = "",
    plans: Annotated[
        str, typer.Option(help="Plans, parted by commas; default: all that the engines allow.")
    ] = "",
    language: Annotated[str | None, typer.Option(help="ISO 639-1 code; else found out.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Page to write; default HOME/compare-audio.html.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare transcripts with and without denoise and separate (음성 인식 비교)."""
    from dataclasses import asdict

    from commands.audio_trial import best_of, try_audio
    from commands.page import write_page
    from commands.sound import texts_beside
    from gleanery.config import load_config

    config = load_config()
    pairs = texts_beside(folder)
    tools = {
        "denoise": denoise or config.denoise_engine,
        "separate": separate or config.separate_engine,
    }
    chosen = _plans(plans, tools)
    trials = [
        try_audio(engine, plan, pairs, tools=tools, language=language)
        for engine in _engines(engines)
        for plan in chosen
    ]
    best = best_of(trials)
    path = out or config.home / "compare-audio.html"
    write_page(TEMPLATE, path, trials=trials, best=best, tools=tools, folder=str(folder))
    if as_json:
        rows = [asdict(trial) for trial in trials]
        print_json({"trials": rows, "recommended": best and best.name, "page": str(path)})
    else:
        _show(trials, best, path)


def _engines(text: str) -> list[str]:
    """Return the engines named.

    Raises:
        ConfigError: None is, or one twice, or it cannot transcribe.
    """
    from gleanery.errors import ConfigError
    from model_server.spec import parse_spec

    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names or len(set(names)) < len(names):
        raise ConfigError(f"--engines {text!r}: name at least one engine, and each once")
    for name in names:
        if "transcribe" not in parse_spec(name).engine.capabilities():
            raise ConfigError(f"--engines: engine {name} cannot transcribe")
    return names


def _plans(text: str, tools: dict[str, str]) -> list[AudioPlan]:
    """Return the plans named, or all that these engines allow.

    Raises:
        ConfigError: A plan is malformed, does not transcribe, or needs an engine that is not named.
    """
    from gleanery.audio_plan import AudioPlan
    from gleanery.errors import ConfigError

    before = ("", "denoise+", "separate+", "separate+denoise+")
    every = [f"{steps}transcribe" for steps in before]
    named = [AudioPlan.parse(plan) for plan in (text.split(",") if text else every)]
    able = [p for p in named if all(tools[t] or t not in p for t in ("denoise", "separate"))]
    for plan in named if text else ():
        if "transcribe" not in plan:
            raise ConfigError(f"--plans: {plan} does not transcribe")
        if plan not in able:
            raise ConfigError(f"--plans: {plan} needs --denoise or --separate")
    return able


def _show(trials: Sequence[AudioTrial], best: AudioTrial | None, path: Path) -> None:
    columns = ("engine", "plan", "#WER %", "#CER %", "#files", "#times real time", "failed")
    rows = [
        (t.engine, t.plan, _percent(t.wer), _percent(t.cer), len(t.files), t.speed, t.failed)
        for t in trials
    ]
    print_table("Transcripts / 음성 인식", columns, rows)
    if best:
        say(f"Recommended (추천): {best.name} – WER {_percent(best.wer)} %")
    say(f"Page (보고서): {path}")


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}"
