"""What an export job is asked for: the options of ``gleanery export``, checked first."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from exports import ExportPlan, Ratios
from gleanery.errors import ConfigError
from items import load_taxonomy


class ExportOptions(BaseModel):
    """Options of an export; what is left out is as in `gleanery export`."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"category": "food", "min_quality": 0.6}}
    )

    category: str | None = Field(None, max_length=300, description="Key; null = all.")
    min_quality: float = Field(0.5, ge=0, le=1)
    format: Literal["jsonl", "parquet", "webdataset"] = "jsonl"
    split: str = Field("0.9/0.05/0.05", max_length=100, description="train/validation/test.")
    split_by: Literal["thread", "source"] = "thread"
    kinds: list[Literal["post", "comment", "article", "video"]] = Field(
        ["post", "comment", "article", "video"], min_length=1, max_length=4
    )
    media: Literal["references", "bytes"] = "references"
    vectors: bool = False
    clips: int = Field(0, ge=0, le=64)
    shard_items: int = Field(20_000, ge=1, le=1_000_000)

    @model_validator(mode="after")
    def _fits(self) -> ExportOptions:
        if self.category is not None and self.category not in load_taxonomy().keys:
            raise ValueError("category: there is none of that key")
        try:
            ExportPlan(
                format=self.format,
                ratios=Ratios.parse(self.split),
                media=self.media,
                clips=self.clips,
            )
        except ConfigError as error:
            raise ValueError(str(error)) from None
        return self

    def digest(self) -> str:
        """Return 32 hexadecimal digits: the same for the same options."""
        return sha256(json.dumps(self.model_dump(), sort_keys=True).encode()).hexdigest()[:32]

    def arguments(self) -> list[str]:
        """Return the command line of ``gleanery export``, without the folder."""
        found = [
            f"--min-quality={self.min_quality}",
            f"--format={self.format}",
            f"--split={self.split}",
            f"--split-by={self.split_by}",
            f"--kinds={','.join(self.kinds)}",
            f"--media={self.media}",
            f"--clips={self.clips}",
            f"--shard-items={self.shard_items}",
        ]
        found += [f"--category={self.category}"] if self.category else []
        return found + (["--vectors"] if self.vectors else [])
