"""Key frames: one of each scene, from its middle, what looks the same only once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media.frames import frames_at
from media.sampling import ClipPlan, schedule

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from media.frames import Frame
    from media.sandbox import Limits


def key_frames(
    path: Path, *, most: int | None = None, limits: Limits | None = None
) -> Generator[Frame, None, None]:
    """Yield a frame of the middle of each clip that the default plan would choose.

    Args:
        path: The video.
        most: How many at most; unlike scenes first.
        limits: Of the sandbox.

    Raises:
        MediaRefusedError: No video, broken, or a limit was passed.
    """
    chosen = schedule(path, ClipPlan(max_clips=most), limits=limits)
    middles = [(clip.start + clip.end) / 2 for clip in chosen.clips]
    yield from frames_at(path, middles, keyframes=chosen.keyframes, limits=limits)
