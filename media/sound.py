"""The sound of a media file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gleanery.errors import MediaRefusedError
from media.probe import probe
from media.sandbox import Limits, Output, run

if TYPE_CHECKING:
    from pathlib import Path

CONTAINERS = {
    "aac": ("mp4", ".m4a", "audio/mp4"),
    "alac": ("mp4", ".m4a", "audio/mp4"),
    "opus": ("ogg", ".ogg", "audio/ogg"),
    "vorbis": ("ogg", ".ogg", "audio/ogg"),
    "mp3": ("mp3", ".mp3", "audio/mpeg"),
    "mp3float": ("mp3", ".mp3", "audio/mpeg"),
    "flac": ("flac", ".flac", "audio/flac"),
}
"""By codec: FFmpeg's name of the container, the ending, the content type."""
ANY = ("matroska", ".mka", "audio/x-matroska")
"""What holds every other codec, and sound that begins later than its film: it keeps the times."""
LIMITS = Limits(cpu_seconds=600, wall_seconds=600)


def split_sound(path: Path, out: Path, *, limits: Limits = LIMITS) -> tuple[Path, str]:
    """Copy the sound of a file into one of its own: no sample is decoded or changed.

    Sound that begins later than the pictures keeps its times; what reads the samples
    (``media.inside.samples``) puts silence before them.

    Args:
        path: A film, or any file with sound.
        out: Where to; the ending is added. A file that is there is replaced.
        limits: Of the process that reads the file.

    Returns:
        The new file, and its content type.

    Raises:
        MediaRefusedError: There is no sound, or it is broken.
        MediaNotFoundError: There is no such file.
    """
    facts = probe(path)
    if facts.audio_codec is None:
        raise MediaRefusedError("the file has no sound")
    own = CONTAINERS.get(facts.audio_codec, ANY)
    container, ending, kind = ANY if facts.sound_late_seconds else own
    target = out.with_name(out.name + ending)
    run("media.inside.sound_track:copy_sound", path, Output(target), container, limits=limits)
    return target, kind
