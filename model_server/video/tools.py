"""The tools for video: a whole file, or frames of any source, through the engine clip by clip."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult

from model_server.answers import structured, told_errors
from model_server.engine_set import Answer, EngineSet
from model_server.flow import Told, stream, telling
from model_server.media_files import MediaFiles
from model_server.media_schema import VideoVectors
from model_server.schema import Capability
from model_server.video.collector import VideoCollector, to_safetensors
from model_server.video.frames import CLIP_FRAMES, TimedClip, check_times, clips_of, decode_frames

CAPABILITY: Capability = "vectorize_video"


class VideoTools:
    """One method per tool; its docstring is what callers read."""

    def __init__(self, engines: EngineSet, files: MediaFiles) -> None:
        self._engines = engines
        self._files = files

    def all(self) -> list[Callable[..., Any]]:
        """Return the tools."""
        return [self.vectorize_frames]

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
                collector.add(clip.times, answer.value)
                await told.reach(reached(clip, len(collector)), f"{len(collector)} clips")
        tensors = collector.finish()
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
