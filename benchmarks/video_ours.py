"""What the tool ``vectorize_video`` does, without its server."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from items.taxonomy import load_taxonomy
from media.sampling import ClipPlan, Schedule, read_clips, schedule
from model_server.engines.timesformer import TimesformerEngine, TimesformerOptions
from model_server.video.collector import VideoCollector
from model_server.video.frames import TimedClip

if TYPE_CHECKING:
    from pathlib import Path

SIZE, RATE = "640x360", 30
"""Of the benchmark's videos."""


def ours(engine: TimesformerEngine, path: Path, plan: ClipPlan) -> tuple[VideoCollector, Schedule]:
    """Do what the tool does: choose, then decode beside the computing of the clip before."""
    chosen = schedule(path, plan)
    collector = VideoCollector()
    with closing(read_clips(path, chosen)) as clips:
        for clip in clips:
            (vectors,) = engine.vectorize_video([clip.frames])
            timed = TimedClip(times=clip.times.tolist(), frames=clip.frames, seconds=clip.seconds)
            collector.add(timed, vectors)
    return collector, chosen


def make_engine(folder: Path, cache: Path, **options: Any) -> TimesformerEngine:
    """Return a loaded engine."""
    told = TimesformerOptions(model=str(folder), **options)
    engine = TimesformerEngine(load_taxonomy(), told, cache=cache)
    engine.load()
    engine.self_test()
    return engine
