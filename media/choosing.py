"""Choose among the stretches of a video those that together show most of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from media.scenes import SMALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from media.scenes import Look

NEAR_DUPLICATE = 0.03
"""Mean difference of two stretches' pictures, as share of the whole range, that is none to see."""
_SIDE = 8
"""Stretches are compared by mean pictures of 8 × 8."""


@dataclass(slots=True, frozen=True)
class Window:
    """A stretch of one scene, in seconds."""

    start: float
    end: float
    scene: int

    @property
    def seconds(self) -> float:
        return self.end - self.start


def choose(
    look: Look,
    windows: Sequence[Window],
    *,
    max_clips: int | None,
    skip_near_duplicates: bool,
) -> list[tuple[Window, float]]:
    """Return the chosen windows in order of time, each with the seconds it stands for.

    Farthest-first (Gonzalez, 1985): the next one is always that which is least like those chosen;
    first among the middles of all scenes, then among the rest. A window not chosen adds its seconds
    to the chosen one it is most like.
    """
    most = min(len(windows), max_clips or len(windows))
    if most == len(windows) and not skip_near_duplicates:
        return [(window, window.seconds) for window in windows]
    signs = _signs(look, windows)
    nearest = np.full(len(windows), np.inf, np.float32)
    owner = np.zeros(len(windows), np.intp)
    chosen: list[int] = []
    least = NEAR_DUPLICATE if skip_near_duplicates else 0.0
    for candidates in (_middles(windows), np.arange(len(windows))):
        while len(chosen) < most:
            pick = _next(candidates, nearest, windows, chosen)
            if pick is None or nearest[pick] < least:
                break
            distance = np.abs(signs - signs[pick]).mean(axis=1)
            owner[distance < nearest] = pick
            nearest = np.minimum(nearest, distance)
            nearest[pick], owner[pick] = -1, pick
            chosen.append(pick)
    seconds = np.bincount(owner, [w.seconds for w in windows], len(windows))
    return [(windows[i], float(seconds[i])) for i in sorted(chosen)]


def _next(
    candidates: NDArray[np.intp],
    nearest: NDArray[np.float32],
    windows: Sequence[Window],
    chosen: Sequence[int],
) -> int | None:
    if not chosen:  # the longest scene's middle
        return int(max(candidates, key=lambda i: windows[i].seconds))
    best = int(candidates[np.argmax(nearest[candidates])])
    return best if nearest[best] >= 0 else None


def _middles(windows: Sequence[Window]) -> NDArray[np.intp]:
    """Of each scene the window in its middle."""
    scenes: dict[int, list[int]] = {}
    for index, window in enumerate(windows):
        scenes.setdefault(window.scene, []).append(index)
    return np.array([indices[len(indices) // 2] for indices in scenes.values()], np.intp)


def _signs(look: Look, windows: Sequence[Window]) -> NDArray[np.float32]:
    """What a window looks like: its mean picture, and how much it moves; shape ``(n, 193)``.

    The movement counts as much as the picture: it is scaled by the number of values in that.
    """
    small = look.pictures.reshape(-1, _SIDE, SMALL // _SIDE, _SIDE, SMALL // _SIDE, 3)
    pictures = small.mean(axis=(2, 4), dtype=np.float32).reshape(len(look.pictures), -1) / 255
    moves = look.changes
    signs = np.empty((len(windows), pictures.shape[1] + 1), np.float32)
    for row, window in zip(signs, windows, strict=True):
        first = max(0, int(np.searchsorted(look.times, window.start, side="right")) - 1)
        last = max(first + 1, int(np.searchsorted(look.times, window.end)))
        if last - first > 1 and look.times[first] < window.start - 1e-6:
            first += 1  # seen into the window from before it: others tell more
        row[:-1] = pictures[first:last].mean(axis=0)
        row[-1] = moves[first : last - 1].mean() * pictures.shape[1] if last - first > 1 else 0
    return signs
