"""From the vectors of clips to those of a video, and the file that keeps all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleanery.errors import ModelToolError
from model_server.likeness.prototypes import unit
from model_server.media_schema import ClipLabel, Label
from model_server.pieces import ClipVectors, Vectors
from model_server.softmax import softmax
from model_server.video.frames import TimedClip

_NO_PIXELS = np.empty((0, 0, 0, 3), np.uint8)
TOP = 5
"""Labels told of each clip, and of the video."""


class VideoCollector:
    """Takes clips as they come, in any order; keeps 9 vectors a clip, 28 KB."""

    def __init__(self) -> None:
        self._clips: list[tuple[TimedClip, ClipVectors]] = []

    def __len__(self) -> int:
        return len(self._clips)

    def add(self, clip: TimedClip, vectors: ClipVectors) -> None:
        """Keep what the engine said of one clip; its pixels are let go."""
        self._clips.append((replace(clip, frames=_NO_PIXELS), vectors))

    def finish(self) -> dict[str, NDArray[Any]]:
        """Return the tensors of the file, clips in order of time; see docs/timesformer.md.

        Raises:
            ModelToolError: There was no clip.
        """
        if not self._clips:
            raise ModelToolError("the video has no frame")
        self._clips.sort(key=lambda pair: (pair[0].times[0], pair[0].times[-1]))
        times = np.array([clip.times for clip, _ in self._clips], dtype=np.float32)
        seconds = np.array([clip.seconds for clip, _ in self._clips], dtype=np.float32)
        clips = np.stack([v.clip for _, v in self._clips])
        logits = np.stack([v.logits for _, v in self._clips])
        labels, scores = _top(logits)
        return {
            "frames": np.concatenate([v.frames for _, v in self._clips]),
            "frame_times": times.ravel(),
            "clips": clips,
            "clip_times": times[:, [0, -1]].copy(),
            "clip_seconds": seconds,
            "clip_top5_labels": labels,
            "clip_top5_scores": scores,
            "video": unit(_mean(clips, seconds)[None])[0],
            "video_logits": _mean(logits, seconds),
        }

    def clip_labels(self, tensors: Mapping[str, NDArray[Any]]) -> list[ClipLabel]:
        """Return the labels of each clip of :meth:`finish`."""
        names = self._names
        rows = zip(
            tensors["clip_times"],
            tensors["clip_top5_labels"],
            tensors["clip_top5_scores"],
            strict=True,
        )
        return [
            ClipLabel(start=float(start), end=float(end), labels=_named(names, labels, scores))
            for (start, end), labels, scores in rows
        ]

    def video_labels(self, tensors: Mapping[str, NDArray[Any]]) -> list[Label]:
        """Return the labels of the video: the highest of its clips' mean logits."""
        labels, scores = _top(tensors["video_logits"][None])
        return _named(self._names, labels[0], scores[0])

    @property
    def _names(self) -> Sequence[str]:
        return self._clips[0][1].labels


def to_safetensors(tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> bytes:
    """Return the file; the same content gives the same bytes, and so the same key.

    safetensors writes its metadata in an order that differs from process to process.
    """
    from safetensors.numpy import save

    data: bytes = save(dict(tensors), metadata=dict(metadata))
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data[8 + size :]


def _top(logits: Vectors) -> tuple[NDArray[np.int32], Vectors]:
    """Return labels and scores ``(rows, 5)``, or fewer where there are fewer, best first."""
    order = np.argsort(-logits, axis=1, kind="stable")[:, :TOP]
    scores = np.take_along_axis(softmax(logits), order, axis=1)
    return order.astype(np.int32), scores.astype(np.float32)


def _mean(rows: Vectors, seconds: Vectors) -> Vectors:
    """Return the mean of ``(clips, n)``, each clip weighed by the time for which it stands."""
    mean = np.average(rows.astype(np.float64), axis=0, weights=seconds.astype(np.float64))
    return np.asarray(mean, dtype=np.float32)


def _named(names: Sequence[str], labels: NDArray[np.int32], scores: Vectors) -> list[Label]:
    return [
        Label(name=names[label], score=round(float(score), 6))
        for label, score in zip(labels, scores, strict=True)
    ]
