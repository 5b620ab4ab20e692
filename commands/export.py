"""``gleanery export``: a training set out of the store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commands.output import AsJson, print_json, print_table, say


def export(
    *,
    out: Annotated[Path, typer.Option(help="Folder to write: new, empty, or one to go on with.")],
    category: Annotated[
        str | None, typer.Option(help="Key of a category; none = all that are classified.")
    ] = None,
    min_quality: Annotated[
        float, typer.Option(min=0, max=1, help="Least score of `gleanery quality`.")
    ] = 0.5,
    format_: Annotated[
        str, typer.Option("--format", help="jsonl, parquet or webdataset.")
    ] = "jsonl",
    split: Annotated[str, typer.Option(help="Shares of train/validation/test.")] = "0.9/0.05/0.05",
    split_by: Annotated[
        str, typer.Option(help="What is never parted: thread, or source (channel, site).")
    ] = "thread",
    kinds: Annotated[
        str, typer.Option(help="Kinds of item, parted by commas.")
    ] = "post,comment,article,video",
    media: Annotated[
        str, typer.Option(help="references, or bytes: the files too (webdataset).")
    ] = "references",
    vectors: Annotated[bool, typer.Option(help="Write the embeddings of videos, too.")] = False,
    clips: Annotated[
        int, typer.Option(min=0, help="Clips of each video, 8 frames of 224 x 224 (webdataset).")
    ] = 0,
    shard_items: Annotated[
        int, typer.Option(min=1, help="Items after which the shards are closed.")
    ] = 20_000,
    as_json: AsJson = False,
) -> None:
    """Write a training set (학습 데이터 내보내기); stopped, the same command goes on."""
    from dataclasses import asdict

    from commands.counting import counting_bar
    from commands.opened import opened_store
    from exports import ExportPlan, Ratios
    from exports import export as write
    from exports.known import remember
    from gleanery.config import load_config
    from gleanery.errors import ConfigError
    from items import load_taxonomy
    from media.store import open_media
    from pipelines.score import KINDS, index_file
    from quality import NearIndex

    config = load_config()
    chosen = tuple(kind.strip() for kind in kinds.split(",") if kind.strip())
    if unknown := set(chosen) - set(KINDS):
        raise ConfigError(f"--kinds {', '.join(sorted(unknown))}: there are {', '.join(KINDS)}")
    if category and category not in load_taxonomy().keys:
        raise ConfigError(f"--category {category!r}: there are {', '.join(load_taxonomy().keys)}")
    plan = ExportPlan(
        format=format_,
        ratios=Ratios.parse(split),
        split_by=split_by,
        category=category,
        min_quality=min_quality,
        kinds=chosen,
        media=media,
        vectors=vectors,
        clips=clips,
        shard_items=shard_items,
    )
    with (
        opened_store(config) as store,
        NearIndex(index_file(config.home)) as index,
        counting_bar("export") as progress,
    ):
        needed = vectors or clips or media == "bytes"
        files = open_media(config.media_place) if needed else None
        remember(config.home, out)  # a purge looks into it
        result = write(plan, store, out, index=index, media=files, progress=progress)
    if as_json:
        print_json(asdict(result))
        return
    left = {"unscored (gleanery quality)": result.unscored, "below --min-quality": result.below}
    print_table(
        "Export / 내보내기",
        ("what", "#items"),
        [*result.items.items(), *left.items(), ("shards", result.shards)],
    )
    say(str(out / "README.md"))
