"""The tools for video: a whole file, or frames of any source, through the engine clip by clip."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict
from typing import Annotated, Any

import numpy as np
from mcp.server.mcpserver import Context
from mcp_types import CallToolResult
from pydantic import Field

from media.frames import STRIDE_SECONDS
from media.sampling import ClipPlan, schedule
from model_server.answers import structured, told_errors
from model_server.engine_set import Answer, EngineSet
from model_server.flow import Told, stream, telling
from model_server.media_files import MediaFiles
from model_server.media_schema import MAX_CLIPS, VideoVectors
from model_server.schema import Capability
from model_server.video.collector import VideoCollector, to_safetensors
from model_server.video.frames import (
    CLIP_FRAMES,
    TimedClip,
    check_times,
    clips_of,
    clips_of_file,
    decode_frames,
)

CAPABILITY: Capability = "vectorize_video"
Stride = Annotated[float, Field(ge=0.01, le=600)]
MaxClips = Annotated[int, Field(ge=1, le=MAX_CLIPS)] | None


class VideoTools:
    """One method per tool; its docstring is what callers read."""

    def __init__(self, engines: EngineSet, files: MediaFiles) -> None:
        self._engines = engines
        self._files = files

    def all(self) -> list[Callable[..., Any]]:
        """Return the tools."""
        return [self.vectorize_video, self.vectorize_frames]

    async def vectorize_video(
        self,
        context: Context,
        media: str,
        *,
        stride_seconds: Stride = STRIDE_SECONDS,
        max_clips: MaxClips = None,
        scene_aware: bool = True,
        skip_near_duplicates: bool = True,
    ) -> Annotated[CallToolResult, VideoVectors]:
        """Turn a whole video into vectors of its frames, its clips and itself, with labels.

        A clip is eight frames. Returns the key of a safetensors file that holds all vectors, the
        five best labels of the video and of each clip, and where scenes begin.

        Args:
            context: Of the call.
            media: Key of the video in the media store.
            stride_seconds: Time between two frames of a clip, about.
            max_clips: The budget: each scene gets a clip before any gets a second one.
            scene_aware: No clip crosses a cut.
            skip_near_duplicates: What looks like a clip chosen before is not computed again; that
                clip weighs more in the video's vector.
        """
        plan = ClipPlan(
            stride_seconds=stride_seconds,
            max_clips=max_clips,
            scene_aware=scene_aware,
            skip_near_duplicates=skip_near_duplicates,
        )
        with told_errors():
            runner = self._engines.able(CAPABILITY)
            async with self._files.local(media) as path, telling(context) as told:
                chosen = await asyncio.to_thread(schedule, path, plan)
                told.total = float(len(chosen.clips))
                result = await self._vectorize(
                    clips_of_file(path, chosen, readers=runner.readers),
                    told,
                    reached=lambda _, count: count,
                    plan={"media": media, "plan": json.dumps(asdict(plan), sort_keys=True)},
                    scenes=[scene.start for scene in chosen.scenes],
                    duration=chosen.duration_seconds,
                )
        return structured(result)

    async def vectorize_frames(
        self, context: Context, frames: str, times: list[float] | None = None
    ) -> Annotated[CallToolResult, VideoVectors]:
        """Turn frames of any source into vectors; vectorize_video does it with a file.

        Each eight frames are a clip. Returns the key of a safetensors file with a vector of each
        frame, of each clip and of the whole, and what the model sees.

        Args:
            context: Of the call.
            frames: Base64 of 1 to 128 frames, uint8 RGB [n, 224, 224, 3] in C order.
            times: Seconds of each frame; by default one a second.
        """
        with told_errors():
            self._engines.able(CAPABILITY)
            self._files.check()
            pixels = await asyncio.to_thread(decode_frames, frames)
            clips = clips_of(pixels, check_times(times, len(pixels)))
            async with telling(context) as told:
                told.total = float(len(pixels))
                result = await self._vectorize(
                    clips,
                    told,
                    reached=lambda clip, count: min(CLIP_FRAMES * count, len(pixels)),
                    plan={"frames": str(len(pixels))},
                )
        return structured(result)

    async def _vectorize(
        self,
        clips: Iterator[TimedClip],
        told: Told,
        *,
        reached: Callable[[TimedClip, int], float],
        plan: Mapping[str, str],
        scenes: Sequence[float] = (0.0,),
        duration: float | None = None,
    ) -> VideoVectors:
        """Compute the clips, keep the file, return what is told of it.

        Args:
            clips: Read as they are needed.
            told: The caller, who is told what ``reached`` says of the last clip and their number.
            reached: How much of the total is done.
            plan: What the file says of how its frames were chosen.
            scenes: Seconds at which scenes begin.
            duration: Seconds of the whole.
        """
        collector = VideoCollector()
        answer: Answer | None = None
        flow = stream(self._engines, CAPABILITY, clips, pick=lambda clip: clip.frames)
        async with aclosing(flow) as answers:
            async for clip, answer in answers:
                collector.add(clip, answer.value)
                await told.reach(reached(clip, len(collector)), f"{len(collector)} clips")
        tensors = collector.finish() | {"scenes": np.asarray(scenes, dtype=np.float32)}
        assert answer is not None
        metadata = {"engine": answer.engine, "version": answer.version, **plan}
        data = await asyncio.to_thread(to_safetensors, tensors, metadata)
        stored = await self._files.put_bytes(data)
        return VideoVectors(
            vectors=stored.key,
            size=stored.size,
            dim=tensors["video"].shape[0],
            clips=len(collector),
            frames=len(tensors["frames"]),
            labels=collector.video_labels(tensors),
            clip_labels=collector.clip_labels(tensors),
            scenes=list(scenes),
            duration_seconds=duration,
            engine=answer.engine,
            version=answer.version,
        )
