"""What a media file is: length, size, codecs. Read by FFmpeg's libraries in the sandbox."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from media.sandbox import Limits, run

if TYPE_CHECKING:
    from pathlib import Path

LIMITS = Limits(cpu_seconds=60, wall_seconds=60, output_bytes=2**20)


@dataclass(slots=True, frozen=True, kw_only=True)
class Facts:
    """Facts of a file. They are what the file *claims*; ``None`` where it says nothing."""

    container: str
    """FFmpeg's name of the format: mov (mp4, too), matroska (webm, too), ogg, mp3, wav …"""

    size: int
    """Bytes."""

    duration_seconds: float | None = None
    """As claimed; a broken or hostile file may claim anything. ``media.sampling`` measures."""

    fps: float | None = None
    """Frames a second on average; ``None`` without video."""

    width: int | None = None
    """Pixels, as seen: after rotation."""

    height: int | None = None
    """Pixels, as seen: after rotation."""

    rotation: int | None = None
    """Degrees clockwise by which stored frames are turned to be seen: 0, 90, 180 or 270."""

    video_codec: str | None = None
    """FFmpeg's name; ``None`` if there are no moving pictures (a cover is none)."""

    variable_frame_rate: bool | None = None
    """Whether the first 500 frames lie at unequal distances."""

    hdr: str | None = None
    """``"pq"`` (SMPTE ST 2084, HDR10) or ``"hlg"`` (ARIB STD-B67); ``None`` for ordinary video."""

    audio_codec: str | None = None
    """FFmpeg's name; ``None`` if there is no sound."""

    sample_rate: int | None = None
    """Hz."""

    channels: int | None = None

    sound_late_seconds: float | None = None
    """How much later than the pictures the sound begins; ``None`` if they begin together."""

    def to_dict(self) -> dict[str, Any]:
        """Return the facts that are known."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def probe(path: Path, *, limits: Limits = LIMITS) -> Facts:
    """Return the facts of a file.

    Raises:
        MediaRefusedError: It is no media file, it leads to other files, or a limit was passed.
        MediaNotFoundError: There is no such file.
    """
    value = run("media.inside.facts:facts", path, limits=limits).value
    return Facts(**{f.name: value.get(f.name) for f in fields(Facts)})
