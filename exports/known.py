"""Exports that were made, the items in them, and the mark that one must be made again.

An export is a copy that people carry elsewhere, so nothing is cut out of it: a purge tells in which
shard and on which line an item stands, and marks manifest and card as stale.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from exports.plan import SPLITS
from exports.run import CARD, MANIFEST, PROGRESS
from gleanery.errors import ConfigError
from gleanery.files import write_whole
from gleanery.json_text import read_json
from items.clock import to_iso, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

LIST = "exports.json"
"""Of the folders of all exports, in ``HOME``."""
BATCH = 500
_STALE = "> **Stale / 오래됨**"


@dataclass(frozen=True, slots=True)
class Hit:
    """An item in an export."""

    folder: str
    shard: str
    line: int
    """From 1 on: the line of JSON lines, the row of Parquet, the sample of WebDataset."""
    identity: str


def remember(home: Path, folder: Path) -> None:
    """Note that an export is made in ``folder``."""
    known = known_folders(home)
    if (new := str(folder.resolve())) not in known:
        write_whole(home / LIST, json.dumps([*known, new], ensure_ascii=False).encode())


def known_folders(home: Path) -> list[str]:
    """Return the folders of all exports made here, those moved or removed meanwhile too.

    Raises:
        ConfigError: The list is damaged.
    """
    try:
        return [str(folder) for folder in json.loads((home / LIST).read_text(encoding="utf-8"))]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(f"{home / LIST} is damaged: {error}") from error


def is_export(folder: Path) -> bool:
    """Whether an export is in ``folder``, done or under way."""
    return any((folder / name).exists() for name in (MANIFEST, PROGRESS))


def find_items(folder: Path, wanted: Callable[[Sequence[str]], set[str]]) -> Iterator[Hit]:
    """Yield where items stand in the shards of an export; each shard is read once, in a stream.

    Args:
        folder: Of the export.
        wanted: Returns those of some identities that are looked for.

    Raises:
        ConfigError: A shard is missing or damaged.
    """
    for name in (entry["file"] for entry in _shards(folder)):
        path = folder / name
        try:
            numbered = enumerate(_READERS[path.suffix](path), 1)
            while batch := list(islice(numbered, BATCH)):
                found = wanted([identity for _, identity in batch])
                for line, identity in batch:
                    if identity in found:
                        yield Hit(str(folder), name, line, identity)
        except (OSError, ValueError, KeyError, tarfile.TarError) as error:
            raise ConfigError(f"{path} cannot be read (읽을 수 없습니다): {error!r}") from error


def mark_stale(folder: Path, items: int) -> None:
    """Say in an export's manifest and card that it holds purged items and must be made again."""
    stale = {"since": to_iso(utc_now()), "purged_items": items}
    for name in (PROGRESS, MANIFEST):
        if (manifest := _read(folder / name)) is None:
            continue
        if (folder / CARD).exists():
            _write_notice(folder / CARD, items)
            card = (folder / CARD).read_bytes()
            manifest["card"] = {"file": CARD, "sha256": hashlib.sha256(card).hexdigest()}
        manifest["stale"] = stale
        write_whole(folder / name, json.dumps(manifest, ensure_ascii=False, indent=1).encode())


def _write_notice(card: Path, items: int) -> None:
    """Put the notice above the card's title, in place of an older one."""
    lines = card.read_text(encoding="utf-8").split("\n")
    lines = [line for line in lines if not line.startswith(_STALE)]
    title = next((n for n, line in enumerate(lines) if line.startswith("# ")), len(lines))
    notice = (
        f"{_STALE}: {items:,} items of it were purged: make it again, remove this one."
        f" / {items:,}개 항목이 삭제되었습니다: 다시 만들고 이것은 지우세요."
    )
    write_whole(card, "\n".join([*lines[:title], notice, *lines[title:]]).encode())


def _shards(folder: Path) -> list[dict[str, Any]]:
    state = _read(folder / MANIFEST) or _read(folder / PROGRESS) or {"shards": {}}
    return [entry for split in SPLITS for entry in state["shards"].get(split, [])]


def _read(file: Path) -> dict[str, Any] | None:
    try:
        state: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} is not of an export: {error!r}") from error
    return state


def _of_jsonl(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield read_json(line)["identity"]


def _of_parquet(path: Path) -> Iterator[str]:
    from pyarrow import parquet  # noqa: PLC0415 - an extra

    for batch in parquet.ParquetFile(path).iter_batches(columns=["identity"]):
        yield from batch.column("identity").to_pylist()


def _of_tar(path: Path) -> Iterator[str]:
    with tarfile.open(path, "r|") as tar:
        for member in tar:
            number, _, rest = member.name.partition(".")
            if rest == "json" and number.isdecimal() and (file := tar.extractfile(member)):
                yield read_json(file.read().decode("utf-8"))["identity"]


_READERS = {".jsonl": _of_jsonl, ".parquet": _of_parquet, ".tar": _of_tar}
