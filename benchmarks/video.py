"""Whole videos to vectors: ours against a naive reader, on the same clips, in one run.

The naive reader: OpenCV reads every frame, numpy resizes its colours and normalises it, torch
computes each clip in float32, one at a time, by transformers' own forward pass. Ours: what the
tool ``vectorize_video`` does. TimeSformer at full size with random weights, whose classifier is
scaled so that labels differ clearly (no checkpoint could be fetched here): "top-1 kept" says that
the chosen clips speak for the whole, not what Kinetics labels are worth. Rounds are interleaved;
figures are medians of wall time.

The naive reader's model costs the same for every clip: for the ten-minute talk it is timed on
``TIMED`` clips and multiplied by their number; its decoding of the talk is timed whole.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from benchmarks.goals import Goal, show
from benchmarks.processor import features, float32_products, int8_products
from benchmarks.video_files import moving, talk
from benchmarks.video_gpu import gpu_goals
from benchmarks.video_memory import memory
from benchmarks.video_ours import CAPABILITY, RATE, loaded, ours
from media.sampling import FULL, ClipPlan, Schedule, read_clips, schedule
from model_server.cores import cores
from tests.tiny_video import timesformer

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from model_server.engine_set import EngineSet

ROUNDS = 3
MOVING_SECONDS = 9
"""Of video a core, a clip: three rounds of the naive reader stay within minutes."""
TIMED = 2
"""Clips of the talk that the naive reader computes."""
HEAD = 20.0
PRODUCTS_A_CLIP = 178e9
"""Those with weights, once two matrices of each layer are merged: all that is done in 8 bits."""


class Naive:
    """What somebody would write first."""

    def __init__(self, folder: Path) -> None:
        from transformers import TimesformerForVideoClassification

        self._model = TimesformerForVideoClassification.from_pretrained(folder).eval()

    def read(self, path: Path, wanted: set[int]) -> dict[int, NDArray[np.float32]]:
        """Return frames by number; every one is read and processed."""
        capture = cv2.VideoCapture(str(path))
        kept: dict[int, NDArray[np.float32]] = {}
        number = 0
        while True:
            there, frame = capture.read()
            if not there:
                break
            height, width = frame.shape[:2]
            scale = 224 / min(height, width)
            size = (round(width * scale), round(height * scale))
            pixels = cv2.cvtColor(cv2.resize(frame, size), cv2.COLOR_BGR2RGB)
            x, y = (size[0] - 224) // 2, (size[1] - 224) // 2
            ready = (pixels[y : y + 224, x : x + 224].astype(np.float32) / 255 - 0.45) / 0.225
            if number in wanted:
                kept[number] = ready
            number += 1
        capture.release()
        return kept

    def compute(self, clip: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        """Return frame vectors, clip vector and logits of ``(8, 224, 224, 3)``."""
        import torch

        pixels = torch.from_numpy(clip).permute(0, 3, 1, 2)[None]
        with torch.inference_mode():
            answer = self._model(pixels, output_hidden_states=True)
            hidden = self._model.timesformer.layernorm(answer.hidden_states[-1])
        frames = hidden[0, 1:].view(196, 8, -1).mean(0)
        return frames.numpy(), hidden[0, 0].numpy(), answer.logits[0].numpy()


def numbers(chosen: Schedule) -> list[list[int]]:
    """Return the numbers of the frames of each clip."""
    return [[int(t * RATE + 1e-6) for t in clip.times] for clip in chosen.clips]


def timed(act: Callable[[], Any]) -> tuple[float, Any]:
    """Return the wall seconds of ``act`` and what it returned."""
    began = time.perf_counter()
    answer = act()
    return time.perf_counter() - began, answer


def same_clips(engines: EngineSet, naive: Naive, videos: Path) -> list[Goal]:
    """Compare both on every clip of a moving video."""
    path = moving(videos, MOVING_SECONDS * max(2, cores()))
    places = numbers(schedule(path, FULL))

    def plainly() -> list[tuple[NDArray[np.float32], ...]]:
        frames = naive.read(path, {n for clip in places for n in clip})
        return [naive.compute(np.stack([frames[n] for n in clip])) for clip in places]

    rounds = []
    for _ in range(ROUNDS):
        slow, expected = timed(plainly)
        fast, (collector, _) = timed(lambda: ours(engines, path, FULL))
        rounds.append((slow, fast))
    tensors = collector.finish()
    cosines = [
        cosine(tensors["clips"], np.stack([e[1] for e in expected])),
        cosine(tensors["frames"], np.concatenate([e[0] for e in expected])),
    ]
    slow, fast = (median(column) for column in zip(*rounds, strict=True))
    exact = exactness(engines, naive, path)
    return [
        Goal("same clips: naive, seconds a clip", slow / len(places)),
        Goal("same clips: ours, seconds a clip", fast / len(places)),
        Goal(f"same clips: naive / ours, wall ({features()})", slow / fast, ">= 4"),
        *limits(slow / len(places)),
        Goal("same pixels: least cosine to torch float32", exact, ">= 0.998"),
        Goal("naive's pixels by OpenCV, ours by FFmpeg: least cosine", min(cosines)),
    ]


def limits(naive: float) -> list[Goal]:
    """Say what 8-bit products gain here at most, were everything else free.

    Args:
        naive: Wall seconds of the naive reader a clip.
    """
    plain, short = float32_products(), int8_products()
    return [
        Goal("limit: 10^9 products/s, torch float32", plain / 1e9),
        Goal("limit: 10^9 products/s, ONNX Runtime int8", short / 1e9),
        Goal("limit: naive / a clip's products alone in int8", naive * short / PRODUCTS_A_CLIP),
    ]


def exactness(engines: EngineSet, naive: Naive, path: Path) -> float:
    """Return the least cosine of frame, clip and logit vectors where both get the same pixels."""
    with closing(read_clips(path, schedule(path, FULL))) as clips:
        clip = next(clips).frames
    frames, whole, logits = naive.compute((clip.astype(np.float32) / 255 - 0.45) / 0.225)
    (answer,) = asyncio.run(engines.run(CAPABILITY, [clip]))
    found = answer.value
    return min(
        cosine(found.frames, frames),
        cosine(found.clip[None], whole[None]),
        cosine(found.logits[None], logits[None]),
    )


def cosine(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Return the least cosine of two lists of vectors."""
    products = (one * other).sum(-1)
    norms = np.linalg.norm(one, axis=-1) * np.linalg.norm(other, axis=-1)
    return float((products / norms).min())


def scene_aware(engines: EngineSet, naive: Naive, videos: Path) -> list[Goal]:
    """Compare ours at its defaults with the naive reader of the whole talk."""
    path = talk(videos)
    places = numbers(schedule(path, FULL))
    decode, frames = timed(lambda: naive.read(path, {n for clip in places[:TIMED] for n in clip}))
    computed = [np.stack([frames[n] for n in clip]) for clip in places[:TIMED]]
    model = median(timed(lambda c=clip: naive.compute(c))[0] for clip in computed)
    slow = decode + model * len(places)
    fast, (few, chosen) = timed(lambda: ours(engines, path, ClipPlan()))
    full, (every, _) = timed(lambda: ours(engines, path, FULL))
    kept, whole = (c.finish() for c in (few, every))
    first, second = np.sort(whole["video_logits"])[::-1][:2]
    same = kept["video_logits"].argmax() == whole["video_logits"].argmax()
    return [
        Goal("talk of 10 min: clips of the whole", len(places)),
        Goal("talk of 10 min: clips chosen", len(chosen.clips)),
        Goal("talk: naive, seconds", slow),
        Goal("talk: ours, every clip, seconds", full),
        Goal("talk: ours, seconds", fast),
        Goal("talk: naive / ours, every clip, wall", slow / full),
        Goal("talk: naive / ours, wall", slow / fast, ">= 15"),
        Goal("talk: top-1 of the full run kept", float(same), ">= 1"),
        Goal("talk: the full run's first logit above its second", float(first - second)),
        Goal("talk: cosine of the video vectors", float(kept["video"] @ whole["video"])),
    ]


def cpu_goals(folder: Path, videos: Path, checkpoint: Path) -> list[Goal]:
    """Compare ours on the processor with the naive reader."""
    seconds, engines = timed(lambda: loaded(checkpoint, folder))
    print("engine:", engines.main.version, file=sys.stderr)
    naive = Naive(checkpoint)
    return [
        Goal("first start, export and self-test: seconds", seconds),
        *same_clips(engines, naive, videos),
        *scene_aware(engines, naive, videos),
    ]


def memory_goals(_: Path, videos: Path, __: Path) -> list[Goal]:
    """See :func:`benchmarks.video_memory.memory`."""
    return memory(videos)


PARTS = {"cpu": cpu_goals, "memory": memory_goals, "gpu": gpu_goals}


def run(part: str, folder: Path, videos: Path, checkpoint: Path) -> list[Goal]:
    """Measure one part, in a process of its own: only ``gpu`` may see a GPU."""
    if part != "gpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    return PARTS[part](folder, videos, checkpoint)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS))
    parser.add_argument("--videos", type=Path, help="folder that keeps the videos made")
    told = parser.parse_args()
    goals: list[Goal] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        videos = told.videos or folder
        checkpoint = timesformer(folder / "base", head=HEAD, num_labels=400)
        for part in told.only:
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
                goals += process.submit(run, part, folder, videos, checkpoint).result()
    show(goals)


if __name__ == "__main__":
    main()
