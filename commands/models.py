"""``gleanery models``: fetch and check the weights that a lock names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import AsJson, print_json, print_table, say

if TYPE_CHECKING:
    from model_server.weights import Model, Weights

models = typer.Typer(
    help="Fetch and check weights of engines (모델 가중치 내려받기와 검사).", no_args_is_help=True
)
Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME …]", help="All if none.")]
Lock = Annotated[
    Path | None, typer.Option("--lock", help="Lock; default HOME/models.yaml. / 목록 파일.")
]
Folder = Annotated[
    Path | None, typer.Option("--folder", help="Weights; default HOME/models. / 저장 폴더.")
]


@models.command()
def fetch(
    names: Names = None, lock: Lock = None, folder: Folder = None, as_json: AsJson = False
) -> None:
    """Bring what is missing; goes on where it stopped, checks SHA-256 (내려받기)."""
    from gleanery.errors import ConfigError
    from model_server.weights import State, verify

    done = []
    for model, place in _chosen(names, lock, folder):
        for file in model.files:
            if not file.is_locked:
                raise ConfigError(
                    f"{model.name}: {file.name} has no size and sha256; `gleanery models lock`"
                    " writes them (크기와 sha256이 없습니다)"
                )
            fresh = verify(place, file) is not State.OK
            if fresh:
                _bring(model, file, place)
            done.append({"model": model.name, "file": file.name, "fetched": fresh})
    if as_json:
        print_json(done)
    else:
        number = sum(bool(d["fetched"]) for d in done)
        say(f"{len(done)} files right, {number} of them fetched now (파일 {len(done)}개 확인)")


@models.command()
def verify(
    names: Names = None, lock: Lock = None, folder: Folder = None, as_json: AsJson = False
) -> None:
    """Compute the SHA-256 of every file anew; exit status 1 if one is not right (검사)."""
    from model_server.weights import State
    from model_server.weights import verify as state_of

    rows = [
        (model.name, file.name, state_of(place, file))
        for model, place in _chosen(names, lock, folder)
        for file in model.files
    ]
    if as_json:
        print_json([{"model": m, "file": f, "state": state.value} for m, f, state in rows])
    else:
        print_table("Weights / 가중치", ("=model", "file", "state / 상태"), rows)
    if any(state is not State.OK for *_, state in rows):
        raise typer.Exit(1)


@models.command("list")
def list_(
    names: Names = None, lock: Lock = None, folder: Folder = None, as_json: AsJson = False
) -> None:
    """List what the lock names and what is there, by size alone (목록)."""
    from model_server.weights import is_there

    rows = [
        (
            model.name,
            len(model.files),
            sum(file.size or 0 for file in model.files),
            sum(is_there(place, file) for file in model.files),
            model.source,
        )
        for model, place in _chosen(names, lock, folder)
    ]
    if as_json:
        keys = ("model", "files", "bytes", "there", "source")
        print_json([dict(zip(keys, row, strict=True)) for row in rows])
    else:
        shown = [(m, n, f"{size:,}", there, source) for m, n, size, there, source in rows]
        columns = ("=model", "#files", "#bytes", "#there / 있음", "source")
        print_table("Models / 모델", columns, shown)


@models.command("lock")
def lock_(
    names: Names = None, lock: Lock = None, folder: Folder = None, as_json: AsJson = False
) -> None:
    """Fetch files without a checksum and write theirs into the lock: trusted now (잠금)."""
    from gleanery.config import load_config
    from model_server.weights import read_lock, write_lock

    path = lock or load_config().home / "models.yaml"
    locked = {
        model.name: replace(model, files=tuple(_locked(model, f, place) for f in model.files))
        for model, place in _chosen(names, lock, folder)
    }
    write_lock(path, [locked.get(model.name, model) for model in read_lock(path)])
    if as_json:
        print_json({"lock": str(path), "models": sorted(locked)})
    else:
        say(f"{path}: look it through and keep it (확인 후 보관하십시오)")


def _locked(model: Model, file: Weights, place: Path) -> Weights:
    from model_server.weights import digest_of

    if file.is_locked:
        return file
    path = place / file.name
    if not path.is_file():
        _bring(model, file, place)
    return replace(file, size=path.stat().st_size, sha256=digest_of(path))


def _bring(model: Model, file: Weights, place: Path) -> None:
    from commands.counting import counting_bar
    from model_server.weights import Source
    from model_server.weights import fetch as fetch_one

    with counting_bar(f"{model.name}/{file.name}") as show:
        source = Source.find(model.source, file.name)
        fetch_one(source, place, file, lambda done: show(done, file.size or done))


def _chosen(
    names: list[str] | None, lock: Path | None, folder: Path | None
) -> list[tuple[Model, Path]]:
    """Return models with their folders.

    Raises:
        ConfigError: The lock is missing or malformed, or does not name one of ``names``.
    """
    from gleanery.config import load_config
    from gleanery.errors import ConfigError
    from model_server.weights import read_lock

    home = load_config().home
    known = read_lock(lock or home / "models.yaml")
    if unknown := set(names or ()) - {model.name for model in known}:
        raise ConfigError(f"The lock names no model {min(unknown)!r} (목록에 없는 모델입니다)")
    place = folder or home / "models"
    return [(model, place / model.name) for model in known if not names or model.name in names]
