"""Which steps an item's videos go through. A step's name says all that its result depends on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gleanery.config import Config
    from items import Item

DOWNLOAD = "download"
SPLIT_SOUND = "split_sound"
VECTORIZE_VIDEO = "vectorize_video"
CLASSIFY_VIDEO = "classify_video:"
"""Begins the last step; what it reads besides the item's words follows."""


@dataclass(slots=True, frozen=True, kw_only=True)
class Wishes:
    """What the configuration asks for, the same for every item."""

    vectorize: bool = True
    """Whether there may be an engine that vectorises."""
    classify_kinds: frozenset[str] = frozenset()
    """Kinds that get a category."""

    @classmethod
    def of(cls, config: Config) -> Wishes:
        """Read the configuration."""
        # A remote server, or a file of engines, may have one that is not named here.
        may_see = config.video_engine or config.model_server_url or config.model_engines_file
        return cls(
            vectorize=bool(may_see),
            classify_kinds=frozenset(config.classify_kinds if config.classify_enabled else ()),
        )


def steps_for(item: Item, wishes: Wishes) -> list[str]:
    """Return the steps for an item that has a video, in order."""
    steps = [DOWNLOAD, SPLIT_SOUND]
    if wishes.vectorize:
        steps.append(VECTORIZE_VIDEO)
    if item.kind in wishes.classify_kinds:
        read = [VECTORIZE_VIDEO] if wishes.vectorize else []
        if read:
            steps.append(CLASSIFY_VIDEO + ",".join(read))
    return steps
