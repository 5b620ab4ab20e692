"""``gleanery similar``: videos that look like one."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.output import AsJson, print_json, print_table, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gleanery.config import Config
    from media.store import MediaStore
    from model_server.video.similar import Kept
    from storage import Store


def similar(
    asked: Annotated[
        str, typer.Argument(metavar="FILE|ID", help="A .safetensors file, or platform:id.")
    ],
    *,
    folder: Annotated[
        Path | None,
        typer.Option("--in", help="Folder of .safetensors files; default: all items collected."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Videos shown at most.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Find videos that look alike, by their vectors (비슷한 동영상 찾기)."""
    from gleanery.config import load_config
    from model_server.video.similar import rank, read_vector

    config = load_config()
    file = Path(asked)
    with ExitStack() as stack:
        found = read_vector(file, str(file)) if file.is_file() else _of_item(config, asked, stack)
        others = _in_folder(folder) if folder else _in_store(config, stack)
        ranked = rank(found, others, limit=limit)
    if ranked.other_version:
        say(
            f"{ranked.other_version} videos left out: vectors of another engine or version "
            "(다른 버전의 벡터는 비교하지 않습니다)",
            stderr=True,
        )
    if as_json:
        print_json([{"name": name, "cosine": cosine} for name, cosine in ranked.rows])
    else:
        print_table("Similar / 비슷한 동영상", ("#cosine", "video"), [r[::-1] for r in ranked.rows])


def _of_item(config: Config, identity: str, stack: ExitStack) -> Kept:
    from commands.opened import opened_store
    from gleanery.errors import ConfigError, StoreError
    from media.store import open_media

    if ":" not in identity:
        raise ConfigError(f"{identity!r} is neither a file nor platform:id (파일도 ID도 아닙니다).")
    store = stack.enter_context(opened_store(config))
    row = store.find(identity)
    if row is None:
        raise StoreError(f"No item {identity!r} in the store (그런 항목이 없습니다).")
    kept = [*_kept(store, identity)] or [*_vectors_of(row, open_media(config.media_place))]
    if not kept:
        raise StoreError(f"{identity} has no vectors yet: run `gleanery work` (벡터가 없습니다).")
    return kept[-1]


def _in_folder(folder: Path) -> Iterator[Kept]:
    from gleanery.errors import ConfigError, MediaRefusedError
    from model_server.video.similar import read_vector

    if not folder.is_dir():
        raise ConfigError(f"No folder {folder} (그런 폴더가 없습니다).")
    for path in sorted(folder.rglob("*.safetensors")):
        try:
            yield read_vector(path, str(path))
        except MediaRefusedError as error:
            say(str(error), stderr=True)


def _in_store(config: Config, stack: ExitStack) -> Iterator[Kept]:
    """Yield what the store keeps, then what only files hold: workers of before kept no more."""
    from commands.opened import opened_store
    from media.store import open_media

    media = open_media(config.media_place)
    store = stack.enter_context(opened_store(config))
    seen: set[str] = set()
    for kept in _kept(store):
        seen.add(kept.name)
        yield kept
    for row in store.scan(kinds=("video", "post", "article")):
        if row["identity"] not in seen:
            yield from _vectors_of(row, media)


def _kept(store: Store, identity: str | None = None) -> Iterator[Kept]:
    import numpy as np

    from model_server.video.similar import Kept

    for one in store.vectors(identity):
        vector = np.array(one.values, dtype=np.float32)
        yield Kept(name=one.identity, version=one.version, vector=vector)


def _vectors_of(row: dict[str, Any], media: MediaStore) -> Iterator[Kept]:
    from gleanery.errors import MediaError
    from model_server.video.similar import read_vector

    for file in row.get("media_files") or ():
        if file["role"] != "vectors":
            continue
        try:
            with media.local(file["key"]) as path:
                yield read_vector(path, row["identity"])
        except MediaError as error:
            say(f"{row['identity']}: {error}", stderr=True)
