"""From a stream of samples to the windows that a recogniser hears, in bounded memory.

Whisper hears 30 seconds at a time and takes as long for one word as for thirty seconds. So speech
is found first (Silero's voice activity detector, which lies in the wheel of ``faster-whisper``) and
packed into windows; silence and music between them cost nothing and give it no chance to make words
up. Windows are cut in time, not glued together, so that a word's time needs no translation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from model_server.pieces import Samples

RATE = 16_000
"""Samples a second that Whisper and the detector take."""
LONGEST_SECONDS = 30.0
"""Length of a window at most: what Whisper hears at once."""
STRETCH_SECONDS = 120.0
"""Sound that is held and searched for speech at once."""
GAP_SECONDS = 3.0
"""Silence that parts two windows; shorter pauses stay inside one."""
PAD_SECONDS = 0.4
"""Kept before and after speech, as faster-whisper does it: the detector is late by less, but a word
cut close may cost the recogniser a whole sentence."""
QUIET_SECONDS = 4.0
"""Without the detector, a window ends at its quietest moment within so long of its end."""
_STEP = RATE // 50


@dataclass(slots=True, kw_only=True, frozen=True, eq=False)
class Window:
    """A part of the sound, with the time that it begins at."""

    start: float
    """Seconds from the beginning of the file."""
    samples: Samples
    """Mono, :data:`RATE` a second, at most :data:`LONGEST_SECONDS`."""

    @property
    def end(self) -> float:
        """Seconds from the beginning of the file."""
        return self.start + len(self.samples) / RATE


def speech_windows(blocks: Iterable[Samples]) -> Iterator[Window]:
    """Yield the windows in which somebody speaks, in order.

    Args:
        blocks: Mono sound, :data:`RATE` samples a second, of any lengths.
    """
    held, start = np.zeros(0, np.float32), 0
    for block, last in _stretches(blocks):
        held = np.concatenate([held, block])
        spans = _packed(find_speech(held))
        done = len(held)
        if not last:
            # What may go on after this stretch is looked at again with what follows.
            done -= int(PAD_SECONDS * 5 * RATE)
            if spans and spans[-1][1] > len(held) - GAP_SECONDS * RATE:
                done = min(done, spans.pop()[0])
        for begin, end in spans:
            yield Window(start=(start + begin) / RATE, samples=held[begin:end].copy())
            done = max(done, end)
        held, start = held[done:], start + done


def plain_windows(blocks: Iterable[Samples]) -> Iterator[Window]:
    """Yield the whole sound in windows, cut where it is quiet; arguments as above."""
    held, start, longest = np.zeros(0, np.float32), 0, int(LONGEST_SECONDS * RATE)
    for block, last in _stretches(blocks):
        held = np.concatenate([held, block])
        while len(held) > longest or (last and len(held)):
            cut = len(held) if len(held) <= longest else _quiet_place(held[:longest])
            yield Window(start=start / RATE, samples=held[:cut].copy())
            held, start = held[cut:], start + cut


def find_speech(samples: Samples) -> list[tuple[int, int]]:
    """Return where somebody speaks: first sample and the one after the last, none beyond 30 s."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    if not len(samples):
        return []
    options = VadOptions(
        max_speech_duration_s=LONGEST_SECONDS,
        min_silence_duration_ms=500,
        speech_pad_ms=int(PAD_SECONDS * 1000),
    )
    found = get_speech_timestamps(samples, options)
    return [(int(one["start"]), min(int(one["end"]), len(samples))) for one in found]


def _packed(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join neighbours into windows, as long as they fit and the pause is short."""
    packed: list[tuple[int, int]] = []
    for begin, end in spans:
        near = packed and begin - packed[-1][1] <= GAP_SECONDS * RATE
        if near and end - packed[-1][0] <= LONGEST_SECONDS * RATE:
            packed[-1] = (packed[-1][0], end)
        else:
            packed.append((begin, end))
    return packed


def _stretches(blocks: Iterable[Samples]) -> Iterator[tuple[Samples, bool]]:
    """Yield blocks of :data:`STRETCH_SECONDS`, and with each whether it is the last."""
    held: list[Samples] = []
    count = 0
    for block in blocks:
        held.append(block)
        count += len(block)
        if count >= STRETCH_SECONDS * RATE:
            yield np.concatenate(held), False
            held, count = [], 0
    yield np.concatenate([np.zeros(0, np.float32), *held]), True


def _quiet_place(samples: Samples) -> int:
    """Return the middle of the quietest fiftieth of a second near the end."""
    first = len(samples) - int(QUIET_SECONDS * RATE)
    tail = samples[first : first + (len(samples) - first) // _STEP * _STEP].reshape(-1, _STEP)
    return first + int(np.square(tail).sum(axis=1).argmin()) * _STEP + _STEP // 2
