"""Change the rate and the number of channels of sound in memory, with FFmpeg's resampler."""

from __future__ import annotations

from typing import Any

import numpy as np

from model_server.pieces import Samples


def resample(samples: Samples, rate: int, wanted: int) -> Samples:
    """Return ``samples`` at ``wanted`` samples a second; the length follows, rounded.

    Args:
        samples: ``(n,)`` or ``(channels, n)``, of one or two channels.
        rate: Samples a second that they have.
        wanted: Samples a second that they should have.
    """
    if rate == wanted:
        return samples
    rows = np.atleast_2d(samples)
    length = round(rows.shape[1] * wanted / rate)
    changed = _run(rows, rate, wanted)[:, :length]
    changed = np.pad(changed, ((0, 0), (0, length - changed.shape[1])))
    return changed if samples.ndim == 2 else changed[0]


def with_channels(samples: Samples, channels: int) -> Samples:
    """Return ``(channels, n)``: mono is repeated, more than that is averaged first."""
    rows = np.atleast_2d(samples)
    if len(rows) == channels:
        return rows
    mono = rows.mean(axis=0, dtype=np.float32)
    return np.repeat(mono[None], channels, axis=0)


def _run(rows: Samples, rate: int, wanted: int) -> Samples:
    import av

    layout = "mono" if len(rows) == 1 else "stereo"
    changer = av.AudioResampler(format="fltp", layout=layout, rate=wanted)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(rows), format="fltp", layout=layout)
    frame.sample_rate = rate
    out: list[Any] = [*changer.resample(frame), *changer.resample(None)]
    return np.concatenate([one.to_ndarray() for one in out], axis=1)
