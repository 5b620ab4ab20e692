"""``gleanery media``: look into the media store, check it, clean it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.output import AsJson, print_json, print_table, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gleanery.config import Config
    from media.store import MediaStore
    from storage import Store

media = typer.Typer(
    help="Look into the media store, check it, clean it (미디어 저장소).", no_args_is_help=True
)


@media.command()
def gc(
    *,
    dry_run: Annotated[
        bool, typer.Option(help="Only say what would go. / 지우지 않고 보여 주기만 합니다.")
    ] = False,
    force: Annotated[
        bool,
        typer.Option(help="Even if no item names any. / 가리키는 항목이 없어도."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Remove files that no item names, and those beyond GLEANERY_MEDIA_KEEP_… (정리)."""
    from commands.opened import opened_store
    from gleanery.config import load_config
    from media.collect import KeepRules, collect

    config = load_config()
    rules = KeepRules(
        days=config.media_keep_days,
        total_bytes=config.media_keep_bytes,
        grace_hours=config.media_grace_hours,
    )
    with opened_store(config) as store:
        done = collect(
            _opened_media(config),
            lambda: (file["key"] for _, file in _named(store)),
            rules,
            dry_run=dry_run,
            force=force,
        )
    if as_json:
        print_json(asdict(done))
        return
    gone = "would go / 지울 것" if dry_run else "removed / 지운 것"
    rows: list[tuple[str, object]]
    rows = [(f"{gone}: {reason}", number) for reason, number in sorted(done.removed.items())]
    rows += [
        (f"{gone}: half-written files", done.partial),
        (f"{gone}: bytes", f"{done.removed_bytes:,}"),
        ("put again meanwhile / 그사이 다시 저장됨", done.renewed),
        ("kept / 남은 파일", done.kept),
        ("kept: bytes", f"{done.kept_bytes:,}"),
    ]
    print_table("Media store / 미디어 저장소", ("what / 항목", "#number / 수"), rows)


@media.command("list")
def list_(
    *,
    role: Annotated[str, typer.Option(help="Only this role, e.g. video. / 역할.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="Rows at most. / 최대 행 수.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List files with the items they belong to (파일 목록)."""
    from itertools import islice

    from commands.opened import opened_store
    from gleanery.config import load_config

    with opened_store(load_config()) as store:
        found = (
            {"item": identity} | file
            for identity, file in _named(store)
            if role in ("", file["role"])
        )
        rows = list(islice(found, limit))
    if as_json:
        print_json(rows)
        return
    columns = ("=key", "role / 역할", "type / 형식", "#bytes", "item…")
    cells = ((r["key"], r["role"], r["content_type"], r["size"], r["item"]) for r in rows)
    print_table("Media files / 미디어 파일", columns, cells)


@media.command()
def verify(
    *,
    remove: Annotated[
        bool, typer.Option(help="Remove files whose bytes have changed. / 바뀐 파일을 지웁니다.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare every file with its key, and items with files (검사); status 1 if one is wrong."""
    from commands.opened import opened_store
    from gleanery.config import load_config

    config = load_config()
    store_of_media = _opened_media(config)
    there = {entry.key for entry in store_of_media.scan()}
    changed = sorted(key for key in there if not _is_whole(store_of_media, key))
    with opened_store(config) as store:
        missing = [
            {"item": identity, "key": file["key"], "role": file["role"]}
            for identity, file in _named(store)
            if file["key"] not in there
        ]
    if remove:
        for key in changed:
            store_of_media.delete(key)
    if as_json:
        print_json({"checked": len(there), "changed": changed, "missing": missing})
    else:
        for key in changed:
            say(f"changed / 바뀜: {key}" + (" (removed / 지움)" if remove else ""))
        for row in missing:
            say(f"missing / 없음: {row['key']} ({row['role']}, {row['item']})")
        say(f"{len(there)} files checked / 파일 {len(there)}개 검사")
    if changed or missing:
        raise typer.Exit(1)


@media.command()
def get(
    key: Annotated[str, typer.Argument(help="As `list` shows it. / `list`가 보여 주는 키.")],
    out: Annotated[Path, typer.Option(help="File to write. / 저장할 파일.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Copy a file out of the store (파일 꺼내기)."""
    import shutil

    from gleanery.config import load_config
    from gleanery.errors import MediaError

    with _opened_media(load_config()).local(key) as path:
        try:
            size = Path(shutil.copyfile(path, out)).stat().st_size
        except OSError as error:
            raise MediaError(f"{out}: {error}") from error
    if as_json:
        print_json({"key": key, "out": str(out), "size": size})
    else:
        say(f"{out}: {size:,} bytes")


def _opened_media(config: Config) -> MediaStore:
    from media.store import open_media

    return open_media(config.media_place)


def _is_whole(store: MediaStore, key: str) -> bool:
    """Whether a file is as its key says; one that has just gone is."""
    from gleanery.errors import MediaNotFoundError

    try:
        return store.verify(key)
    except MediaNotFoundError:
        return True


def _named(store: Store) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each media file that a stored item names, with that item's identity."""
    for row in store.scan():
        for file in row.get("media_files", ()):
            yield row["identity"], file
