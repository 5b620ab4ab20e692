"""The ffmpeg program, out of a wheel: nothing has to be installed by hand."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from gleanery.errors import ConfigError, MediaRefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SECONDS = 600
"""Longest run: what we ask for copies streams, and decodes nothing."""


def ffmpeg_program() -> str:
    """Return the path of the program.

    Raises:
        ConfigError: The wheel is not installed.
    """
    try:
        from imageio_ffmpeg import get_ffmpeg_exe  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError("Videos need ffmpeg: pip install 'gleanery[media]'") from error
    return str(get_ffmpeg_exe())


def join(parts: Sequence[Path], out: Path) -> None:
    """Put the streams of several files into one MP4 or Matroska file, as they are.

    Raises:
        MediaRefusedError: They are broken, or do not fit in that container.
        ConfigError: There is no ffmpeg.
    """
    inputs = [word for part in parts for word in ("-i", str(part.absolute()))]
    maps = [word for number in range(len(parts)) for word in ("-map", str(number))]
    run_ffmpeg([*inputs, *maps, "-c", "copy", "-movflags", "+faststart", str(out.absolute())])


def run_ffmpeg(arguments: Sequence[str]) -> None:
    """Run the program on files of this machine; it may open nothing else.

    Raises:
        MediaRefusedError: It failed, or took longer than :data:`SECONDS`.
        ConfigError: There is no ffmpeg.
    """
    safe = ["-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-protocol_whitelist", "file"]
    try:
        done = subprocess.run(  # noqa: S603 - our own program, no shell
            [ffmpeg_program(), *safe, *arguments],
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise MediaRefusedError(f"ffmpeg took longer than {SECONDS} s") from error
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
        raise MediaRefusedError(f"ffmpeg: {lines[-1]}")
