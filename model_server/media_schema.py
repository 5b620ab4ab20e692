"""Results of the tools for media files, shared by server and client."""

from __future__ import annotations

from pydantic import BaseModel, Field

MAX_FRAMES = 128
"""Frames in one call of ``vectorize_frames`` at most; a longer video comes as a file."""
MAX_CLIPS = 4096
"""Clips of one video at most: nine hours at a frame a second."""


class Label(BaseModel):
    """What a model sees in a video."""

    name: str = Field(description="As the checkpoint names it, e.g. playing guitar.")
    score: float = Field(description="In [0, 1]; over all labels they sum to 1.")


class ClipLabel(BaseModel):
    """What a model sees in one clip."""

    start: float = Field(description="Seconds from the beginning: the clip's first frame.")
    end: float = Field(description="Seconds from the beginning: the clip's last frame.")
    labels: list[Label] = Field(description="The five highest, best first.")


class VideoVectors(BaseModel):
    """Result of ``vectorize_video`` and ``vectorize_frames``."""

    vectors: str = Field(description="Key of a safetensors file in the media store.")
    size: int = Field(description="Its bytes.")
    dim: int = Field(description="Length of each vector; all have L2 norm 1.")
    clips: int = Field(description="Clips that were computed.")
    frames: int = Field(description="Frames in them.")
    labels: list[Label] = Field(description="Of the whole video: the five highest, best first.")
    clip_labels: list[ClipLabel] = Field(description="One per clip, in order of time.")
    scenes: list[float] = Field(description="Seconds at which scenes begin; the first is 0.")
    duration_seconds: float | None = Field(description="Of the file; null for frames.")
    engine: str = Field(description="Name of the engine that answered.")
    version: str = Field(description="Vectors of different versions must not be compared.")
