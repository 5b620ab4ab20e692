"""``gleanery export``: a training set out of the store."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import AsJson, print_json, print_table, say

if TYPE_CHECKING:
    from exports import ExportPlan, ExportResult
    from gleanery.config import Config


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
    from exports import ExportPlan, Ratios
    from gleanery.config import load_config

    plan = ExportPlan(
        format=format_,
        ratios=Ratios.parse(split),
        split_by=split_by,
        category=_known_category(category),
        min_quality=min_quality,
        kinds=_known_kinds(kinds),
        media=media,
        vectors=vectors,
        clips=clips,
        shard_items=shard_items,
    )
    _tell(_written(load_config(), plan, out), out, as_json=as_json)


def _known_kinds(text: str) -> tuple[str, ...]:
    from gleanery.errors import ConfigError
    from pipelines.score import KINDS

    chosen = tuple(kind.strip() for kind in text.split(",") if kind.strip())
    if unknown := set(chosen) - set(KINDS):
        raise ConfigError(f"--kinds {', '.join(sorted(unknown))}: there are {', '.join(KINDS)}")
    return chosen


def _known_category(key: str | None) -> str | None:
    from gleanery.errors import ConfigError
    from items import load_taxonomy

    if key and key not in load_taxonomy().keys:
        raise ConfigError(f"--category {key!r}: there are {', '.join(load_taxonomy().keys)}")
    return key


def _written(config: Config, plan: ExportPlan, out: Path) -> ExportResult:
    from commands.counting import counting_bar
    from commands.opened import opened_store
    from exports import export as write
    from exports.known import remember
    from media.store import open_media
    from pipelines.score import index_file
    from quality import NearIndex

    needed = plan.vectors or plan.clips or plan.media == "bytes"
    with (
        opened_store(config) as store,
        NearIndex(index_file(config.home)) as index,
        counting_bar("export") as progress,
    ):
        files = open_media(config.media_place) if needed else None
        remember(config.home, out)  # a purge looks into it
        return write(plan, store, out, index=index, media=files, progress=progress)


def _tell(result: ExportResult, out: Path, *, as_json: bool) -> None:
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
