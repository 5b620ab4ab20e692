"""From the vectors of clips to those of a video, and the file that keeps all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleanery.errors import ModelToolError
from model_server.likeness.prototypes import unit
from model_server.media_schema import ClipLabel, Label
from model_server.pieces import ClipVectors, Vectors
from model_server.softmax import softmax

TOP = 5
"""Labels told of each clip, and of the video."""


class VideoCollector:
    """Takes clips as they come, in any order; keeps 9 vectors a clip, 28 KB."""

    def __init__(self) -> None:
        self._clips: list[tuple[NDArray[np.float64], ClipVectors]] = []

    def __len__(self) -> int:
        return len(self._clips)

    def add(self, times: Sequence[float], vectors: ClipVectors) -> None:
        """Keep one clip.

        Args:
            times: Seconds of its frames.
            vectors: What the engine said of them.
        """
        self._clips.append((np.asarray(times, dtype=np.float64), vectors))

    def finish(self) -> dict[str, NDArray[Any]]:
        """Return the tensors of the file, clips in order of time; see docs/timesformer.md.

        Raises:
            ModelToolError: There was no clip.
        """
        if not self._clips:
            raise ModelToolError("the video has no frame")
        self._clips.sort(key=lambda clip: (clip[0][0], clip[0][-1]))
        vectors = [clip for _, clip in self._clips]
        clips = np.stack([v.clip for v in vectors])
        logits = np.stack([v.logits for v in vectors])
        labels, scores = _top(logits)
        return {
            "frames": np.concatenate([v.frames for v in vectors]),
            "frame_times": np.concatenate([t for t, _ in self._clips]).astype(np.float32),
            "clips": clips,
            "clip_times": np.array([(t[0], t[-1]) for t, _ in self._clips], dtype=np.float32),
            "clip_top5_labels": labels,
            "clip_top5_scores": scores,
            "video": video_vector(clips),
            "video_logits": logits.mean(axis=0),
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


def video_vector(clips: Vectors) -> Vectors:
    """Return the mean of unit vectors ``(clips, dim)``, of L2 norm 1."""
    (vector,) = unit(clips.mean(axis=0, dtype=np.float32)[None])
    return np.asarray(vector, dtype=np.float32)


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


def _named(names: Sequence[str], labels: NDArray[np.int32], scores: Vectors) -> list[Label]:
    return [
        Label(name=names[label], score=round(float(score), 6))
        for label, score in zip(labels, scores, strict=True)
    ]
