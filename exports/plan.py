"""What is exported, and into which split an item falls."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from gleanery.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from exports.row import Row

FORMATS = ("jsonl", "parquet", "webdataset")
SPLITS = ("train", "validation", "test")
SPLIT_BY = ("thread", "source")
MEDIA = ("references", "bytes")


@dataclass(frozen=True, slots=True)
class Ratios:
    """Shares of train, validation and test."""

    train: float
    validation: float
    test: float

    @classmethod
    def parse(cls, text: str) -> Ratios:
        """Read ``0.9/0.05/0.05``.

        Raises:
            ConfigError: It is not three shares that add up to 1.
        """
        try:
            train, validation, test = (float(part) for part in text.split("/"))
        except ValueError:
            raise ConfigError(f"--split {text!r}: write three shares, e.g. 0.9/0.05/0.05") from None
        shares = (train, validation, test)
        if not all(0 <= share <= 1 for share in shares) or abs(sum(shares) - 1) > 1e-6:
            raise ConfigError(f"--split {text!r}: shares are in [0, 1] and add up to 1")
        return cls(*shares)

    def split_of(self, group: str) -> str:
        """Return the split of a group of threads: the same one in every export, by its hash."""
        digest = hashlib.blake2b(group.encode("utf-8", "replace"), digest_size=8).digest()
        place = int.from_bytes(digest) / 2**64
        if place < self.train:
            return "train"
        # rounding must not open a fourth interval, nor a share of 0 take what is left over
        if place < self.train + self.validation or not self.test:
            return "validation" if self.validation else "train"
        return "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPlan:
    """What to take and how to write it; an export that was stopped goes on only with the same."""

    format: str = "jsonl"
    """One of ``FORMATS``."""
    ratios: Ratios = Ratios(0.9, 0.05, 0.05)
    split_by: str = "thread"
    """One of ``SPLIT_BY``: what is never parted, together with all that is nearly the same."""
    category: str | None = None
    """Key of the category; ``None`` = all that are classified."""
    min_quality: float = 0.5
    """Least score of ``gleanery quality``, in [0, 1]."""
    kinds: tuple[str, ...] = ("post", "comment", "article", "video")
    media: str = "references"
    """``references``: keys and addresses; ``bytes``: the files, too (webdataset only)."""
    vectors: bool = False
    """Whether to read the video's embedding out of its vectors file."""
    clips: int = 0
    """Clips of each video at most whose frames are written, too (webdataset only)."""
    shard_items: int = 20_000
    """Items of all splits after which their shards are closed; also what a kill may repeat."""

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise ConfigError(f"--format {self.format!r}: there are {', '.join(FORMATS)}")
        if self.split_by not in SPLIT_BY:
            raise ConfigError(f"--split-by {self.split_by!r}: there are {', '.join(SPLIT_BY)}")
        if self.media not in MEDIA:
            raise ConfigError(f"--media {self.media!r}: there are {', '.join(MEDIA)}")
        if self.media == "bytes" and self.format != "webdataset":
            raise ConfigError("--media bytes needs --format webdataset: others name files only")
        if self.clips and self.format != "webdataset":
            raise ConfigError("--clips needs --format webdataset: others name files only")

    def wants(self, row: Row) -> bool:
        """Whether an item is of the category; its quality is another question."""
        if self.category:
            return row.category == self.category
        return row.category is not None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)


def read_plan(file: Path) -> dict[str, Any] | None:
    """Return the plan of the export that is under way or done there; ``None`` if none is."""
    try:
        plan: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["plan"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{file} is not of an export: {error!r}") from error
    return plan
