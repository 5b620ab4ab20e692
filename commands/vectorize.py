"""``gleanery vectorize``: video files to vectors, without a crawl."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.output import AsJson, print_json, print_table, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gleanery.config import Config
    from media.store import MediaStore
    from model_server.client import ModelClient

ENGINE = "timesformer"
"""Engine that is taken where none is named."""


def vectorize(
    files: Annotated[list[Path], typer.Argument(help="Video files.", metavar="FILE…")],
    *,
    out: Annotated[Path, typer.Option(help="Folder that FILE.safetensors is written to.")],
    engine: Annotated[
        str | None, typer.Option(help="NAME or NAME:FOLDER; default VIDEO_ENGINE, or timesformer.")
    ] = None,
    stride: Annotated[
        float | None, typer.Option(min=0.01, max=600, help="Seconds between frames of a clip.")
    ] = None,
    max_clips: Annotated[int | None, typer.Option(min=1, max=4096, help="Clips a file.")] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Every clip: no scenes, no near-duplicates skipped.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Turn video files into vectors and labels (동영상을 벡터로)."""
    import asyncio

    from gleanery.config import load_config

    options: dict[str, Any] = {"max_clips": max_clips}
    if stride is not None:
        options["stride_seconds"] = stride
    if full:
        options |= {"scene_aware": False, "skip_near_duplicates": False}
    with _opened(load_config(), engine) as (client, store):
        rows = asyncio.run(_all(client, store, files, out, options))
    if as_json:
        print_json(rows)
    else:
        columns = ("file", "#clips", "#seconds", "label", "#score", "vectors or error")
        print_table("Vectors / 벡터", columns, map(_cells, rows))
    if any("error" in row for row in rows):
        raise typer.Exit(1)


def _cells(row: dict[str, Any]) -> tuple[object, ...]:
    if "error" in row:
        return (row["file"], "", "", "", "", row["error"])
    best = row["labels"][0]
    seconds = round(row["duration_seconds"], 1)
    return (row["file"], row["clips"], seconds, best["name"], round(best["score"], 3), row["out"])


async def _all(
    client: ModelClient,
    store: MediaStore,
    files: Sequence[Path],
    out: Path,
    options: dict[str, Any],
) -> list[dict[str, Any]]:
    """Vectorise one file after the other; a file that fails does not stop the others."""
    import asyncio

    from gleanery.errors import GleaneryError

    await asyncio.to_thread(out.mkdir, parents=True, exist_ok=True)
    await client.open()
    rows: list[dict[str, Any]] = []
    try:
        for file, name in zip(files, _names(files), strict=True):
            try:
                rows.append(await _one(client, store, file, out / name, options))
            except GleaneryError as error:
                say(f"{file}: {error}", stderr=True)
                rows.append({"file": str(file), "error": str(error)})
    finally:
        await client.close()
    return rows


async def _one(
    client: ModelClient, store: MediaStore, file: Path, out: Path, options: dict[str, Any]
) -> dict[str, Any]:
    import asyncio

    from gleanery.files import write_whole

    stored = await asyncio.to_thread(store.put_file, file)
    with _bar(file.name) as told:
        result = await client.vectorize_video(stored.key, progress=told, **options)
    data = await asyncio.to_thread(store.read, result.vectors)
    await asyncio.to_thread(write_whole, out, data)
    return {"file": str(file), "out": str(out)} | result.model_dump(mode="json")


def _names(files: Sequence[Path]) -> Iterator[str]:
    """Yield a name for each file's vectors; files of one name in several folders are numbered."""
    seen: dict[str, int] = {}
    for file in files:
        count = seen[file.name] = seen.get(file.name, 0) + 1
        yield f"{file.name}{f'.{count}' if count > 1 else ''}.safetensors"


def _opened(config: Config, engine: str | None) -> Any:
    """Return a context of a client, and of the media store that its server reads."""
    from commands.sound import opened

    if config.model_server_url and engine:
        say("--engine counts for nothing: MODEL_SERVER_URL is set", stderr=True)
    named = engine or config.tool_engines["vectorize_video"] or ENGINE
    return opened({"vectorize_video": named})


def _bar(name: str) -> Any:
    """Return a context of a function that shows clips done of clips in all."""
    import sys
    from contextlib import contextmanager

    from commands.output import console

    @contextmanager
    def shown() -> Iterator[Callable[[float, float | None, str | None], None]]:
        if not sys.stderr.isatty():
            yield lambda _done, _total, _message: None
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
        from rich.progress import TimeRemainingColumn as Remaining

        columns = (TextColumn(name, markup=False), BarColumn(), MofNCompleteColumn(), Remaining())
        with Progress(*columns, console=console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=None)
            yield lambda done, total, _: bar.update(task, completed=int(done), total=total)

    return shown()
