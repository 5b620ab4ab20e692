"""What the tool ``vectorize_video`` does, without MCP around it."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from media.sampling import ClipPlan, Schedule, schedule
from model_server.embedded import make_engines
from model_server.flow import stream
from model_server.video.collector import VideoCollector
from model_server.video.frames import clips_of_file

if TYPE_CHECKING:
    from pathlib import Path

    from model_server.engine_set import EngineSet
    from model_server.schema import Capability

SIZE, RATE = "640x360", 30
"""Of the benchmark's videos."""
CAPABILITY: Capability = "vectorize_video"


def ours(engines: EngineSet, path: Path, plan: ClipPlan) -> tuple[VideoCollector, Schedule]:
    """Do what the tool does: choose, then decode beside the computing of the clips before."""
    chosen = schedule(path, plan)
    return asyncio.run(_collected(engines, path, chosen)), chosen


async def _collected(engines: EngineSet, path: Path, chosen: Schedule) -> VideoCollector:
    collector = VideoCollector()
    clips = clips_of_file(path, chosen, readers=engines.able(CAPABILITY).readers)
    flow = stream(engines, CAPABILITY, clips, pick=lambda clip: clip.frames)
    async with aclosing(flow) as answers:
        async for clip, answer in answers:
            collector.add(clip, answer.value)
    return collector


def loaded(folder: Path, home: Path, **options: Any) -> EngineSet:
    """Return the engine of a checkpoint, exported, loaded and tested."""
    engines = make_engines("timesformer", home, model=str(folder), **options)
    for loading in engines.start():
        loading.result()
    return engines
