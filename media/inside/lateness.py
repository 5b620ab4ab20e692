"""How much later than its film a sound begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media.inside.opening import is_cover

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer

LEAST_SECONDS = 0.05
"""Less is an encoder's or a container's own; nobody hears it."""
MOST_SECONDS = 4 * 3600.0
"""More is a broken timestamp."""
_FROM_ZERO = ("mov", "matroska")
"""Containers whose timeline begins at 0; that of others begins with their first packet."""


def late_seconds(container: InputContainer, sound: AudioStream) -> float:
    """Return when the sound begins, in seconds on the clock of the container's pictures.

    A file of sound alone may begin late, too: one that was split off a film and keeps its times.
    """
    if sound.start_time is None or sound.time_base is None:
        return 0.0
    late = float(sound.start_time * sound.time_base) - begin_seconds(container)
    return round(late, 6) if LEAST_SECONDS <= late <= MOST_SECONDS else 0.0


def begin_seconds(container: InputContainer) -> float:
    """Return the container's time at which its own clock starts."""
    alone = all(is_cover(stream) for stream in container.streams.video)
    if container.start_time is None or (
        alone and container.format.name.split(",")[0] in _FROM_ZERO
    ):
        return 0.0
    return container.start_time / 1_000_000
