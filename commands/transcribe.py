"""``gleanery transcribe``: what is said in sound and video files, as text or subtitles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from commands.output import AsJson, print_json, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from media.store import MediaStore
    from model_server.audio.planned import Planned
    from model_server.client import ModelClient

Format = Literal["txt", "srt", "vtt", "json"]


def transcribe(
    files: Annotated[list[Path], typer.Argument(help="Sound or video files.", metavar="FILE…")],
    *,
    engine: Annotated[
        str | None, typer.Option(help="NAME:MODEL, e.g. faster_whisper:large-v2.")
    ] = None,
    plan: Annotated[
        str, typer.Option(help="Steps, e.g. denoise+transcribe+summarize.")
    ] = "transcribe",
    language: Annotated[
        str | None, typer.Option(help="ISO 639-1 code; default: found out.")
    ] = None,
    words: Annotated[bool, typer.Option("--words", help="Time of each word, in JSON.")] = False,
    form: Annotated[Format, typer.Option("--format", help="txt, srt, vtt or json.")] = "txt",
    out: Annotated[
        Path | None, typer.Option(help="Folder that FILE.txt … is written to; default: stdout.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write down what is said in files (음성을 글로)."""
    import asyncio

    from commands.sound import opened, to_json
    from gleanery.audio_plan import AudioPlan
    from gleanery.errors import ConfigError

    steps = AudioPlan.parse(plan)
    if "transcribe" not in steps:
        raise ConfigError(f"--plan {plan}: it does not transcribe")
    with opened({"transcribe": engine or ""}) as (client, store):
        options = {"language": language, "word_times": words}
        done, failed = asyncio.run(_all(client, store, files, steps, options))
    if as_json:
        print_json([{"file": str(file)} | to_json(made) for file, made in done])
    for file, made in done if out or not as_json else ():
        _put(file, made, form, out)
    if failed:
        raise typer.Exit(1)


async def _all(
    client: ModelClient,
    store: MediaStore,
    files: Sequence[Path],
    plan: Any,
    options: dict[str, Any],
) -> tuple[list[tuple[Path, Planned]], bool]:
    """Run one file after the other; one that fails does not stop the others."""
    import asyncio

    from commands.sound import step_bar
    from gleanery.errors import GleaneryError
    from model_server.audio.planned import run_plan

    done: list[tuple[Path, Planned]] = []
    failed = False
    await client.open()
    try:
        for file in files:
            try:
                stored = await asyncio.to_thread(store.put_file, file)
                with step_bar(file.name) as told:
                    made = await run_plan(client, stored.key, plan, told=told, **options)
                done.append((file, made))
            except GleaneryError as error:
                say(f"gleanery: {file}: {error}", stderr=True)
                failed = True
    finally:
        await client.close()
    return done, failed


def _put(file: Path, made: Planned, form: Format, out: Path | None) -> None:
    from commands.subtitles import written
    from gleanery.files import write_whole

    text = written(made, form)
    if out is None:
        say(text.rstrip("\n"))
        return
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / f"{file.name}.{form}", text.encode())
