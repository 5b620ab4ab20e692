"""Which steps an item's videos go through. A step's name says all that its result depends on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gleanery.audio_plan import AudioPlan

if TYPE_CHECKING:
    from gleanery.config import Config
    from items import Item

TRACE = "trace"
"""Key of a job's payload: the trace of the crawl that put it, as a W3C header."""
DOWNLOAD = "download"
SPLIT_SOUND = "split_sound"
VECTORIZE_VIDEO = "vectorize_video"
SOUND = "sound:"
"""Begins a step of the audio plan; the plan up to that step follows."""
CLASSIFY_VIDEO = "classify_video:"
"""Begins the step that gives the category; what it reads besides the item's words follows."""
KEY_FRAMES = "key_frames:"
"""Begins the last step: nobody waits for it. How many follow, and ``+svg`` if they are drawn."""


@dataclass(slots=True, frozen=True, kw_only=True)
class Wishes:
    """What the configuration asks for, the same for every item."""

    audio: str = ""
    """Audio plan of items whose crawl named none."""
    vectorize: bool = True
    """Whether there may be an engine that vectorises."""
    classify_kinds: frozenset[str] = frozenset()
    """Kinds that get a category."""
    key_frames: str = ""
    """How many pictures of a video are kept, with ``+svg`` if they are drawn, too; empty = none."""

    @classmethod
    def of(cls, config: Config) -> Wishes:
        """Read the configuration."""
        # A remote server, or a file of engines, may have one that is not named here.
        may_see = config.video_engine or config.model_server_url or config.model_engines_file
        return cls(
            audio=config.audio_plan,
            vectorize=bool(may_see),
            classify_kinds=frozenset(config.classify_kinds if config.classify_enabled else ()),
            key_frames=_key_frames(config),
        )


def steps_for(item: Item, wishes: Wishes) -> list[str]:
    """Return the steps for an item that has a video, in order."""
    plan = AudioPlan.parse(item.audio_plan or wishes.audio)
    steps = [DOWNLOAD, SPLIT_SOUND]
    if wishes.vectorize:
        steps.append(VECTORIZE_VIDEO)
    steps += [SOUND + str(AudioPlan(plan.steps[: n + 1])) for n in range(len(plan.steps))]
    if item.kind in wishes.classify_kinds:
        read = [VECTORIZE_VIDEO] if wishes.vectorize else []
        read += [str(plan)] if "transcribe" in plan else []
        if read:
            steps.append(CLASSIFY_VIDEO + ",".join(read))
    if wishes.key_frames:
        steps.append(KEY_FRAMES + wishes.key_frames)
    return steps


def _key_frames(config: Config) -> str:
    svg = "+svg" if config.work_key_frames_svg else ""
    return f"{config.work_key_frames}{svg}" if config.work_key_frames else ""
