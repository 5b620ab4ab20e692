"""Every step by name: what it does, what it holds up, and how the item shows that it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from gleanery.errors import ConfigError
from items.annotation import CLASSIFY_VIDEO as CATEGORY_TOOL
from pipelines.work import category, files, key_frames, plan, sound, video
from pipelines.work.tools import answer_of, files_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from items import Item
    from pipelines.work.tools import Report, Tools

Gate = Literal["download", "model", "local"]
"""What a step uses: the network, the model server, or this machine."""


@dataclass(slots=True, frozen=True)
class Step:
    """One step of a job."""

    run: Callable[[Tools, Item, str, Report], Awaitable[None]]
    """Does it, and saves its result; gets what follows the name's colon."""
    gate: Gate
    is_done: Callable[[Item, str], bool]
    """Whether the stored item has its result: its worker died before it could say so."""


def _each_video_has(role: str) -> Callable[[Item, str], bool]:
    def has(item: Item, _what: str) -> bool:
        sources = {m.source for m in files_of(item, role)}
        return all(m.key in sources for m in files_of(item, "video"))

    return has


def _sound_is_split(item: Item, _what: str) -> bool:
    sources = {m.source for m in files_of(item, "audio")}
    return all(m.key in sources for m in files_of(item, "video") if "audio_codec" in m.facts)


def _is_classified(item: Item, what: str) -> bool:
    answer = answer_of(item, CATEGORY_TOOL)
    return answer is not None and answer.value.get("of") == what


STEPS = {
    plan.DOWNLOAD: Step(files.download, "download", lambda item, _: bool(files_of(item, "video"))),
    plan.SPLIT_SOUND: Step(files.split_sound, "local", _sound_is_split),
    plan.VECTORIZE_VIDEO: Step(video.vectorize_video, "model", _each_video_has("vectors")),
    plan.SOUND: Step(sound.run, "model", sound.is_done),
    plan.CLASSIFY_VIDEO: Step(category.classify_video, "model", _is_classified),
    plan.KEY_FRAMES: Step(key_frames.run, "local", key_frames.is_done),
}


def step_of(name: str) -> tuple[Step, str]:
    """Return a step and what its name says beyond that.

    Raises:
        ConfigError: There is none: the job was put by another version of this program.
    """
    head, colon, what = name.partition(":")
    if step := STEPS.get(head + colon):
        return step, what
    raise ConfigError(f"no step is called {name!r}: is this worker older than the crawl?")
