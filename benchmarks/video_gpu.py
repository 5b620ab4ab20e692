"""The part of ``benchmarks.video`` that needs a GPU; without one it says that it was not run.

A GPU computes more clips than the cores beside it decode: what it is asked for is to be busy where
clips are at hand (they lie in memory), and not to wait longer than decoding takes where they are
read (an hour of video).
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from contextlib import aclosing, closing
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.goals import Goal
from benchmarks.video_files import plain
from benchmarks.video_ours import CAPABILITY, loaded, ours
from media.sampling import FULL, schedule
from media.together import read_together
from model_server.flow import stream

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from model_server.engine_set import EngineSet

GFLOP_A_CLIP = 392
DIFFERENT, CLIPS = 64, 6400
"""Clips in memory, and how many are computed."""
MATRIX = 8192


def gpu_goals(folder: Path, videos: Path, checkpoint: Path) -> list[Goal]:
    """Return clips a second, their share of the measured limits, and how busy the GPU is."""
    import torch

    if not torch.cuda.is_available():
        print("GPU: not run, there is none here", file=sys.stderr)
        return []
    engines = loaded(checkpoint, folder)
    print("engine:", engines.main.version, file=sys.stderr)
    limit = matmul_limit(torch)
    given = np.random.default_rng(0).integers(0, 255, (DIFFERENT, 8, 224, 224, 3), np.uint8)
    seconds, busy = busily(lambda: from_memory(engines, given))
    model = CLIPS / seconds
    return [
        Goal("GPU: bf16 matmul limit, TFLOP/s", limit / 1e12),
        Goal("GPU: clips/s, clips in memory", model),
        Goal("GPU: share of the matmul limit", model * GFLOP_A_CLIP * 1e9 / limit),
        Goal("GPU: busy share, clips in memory", busy, ">= 0.8"),
        *hour_of_video(engines, plain(videos, 60), model),
    ]


def matmul_limit(torch: Any) -> float:
    """Return the FLOP/s of large bf16 products."""
    one = torch.randn(MATRIX, MATRIX, device="cuda", dtype=torch.bfloat16)
    for _ in range(3):
        one @ one
    torch.cuda.synchronize()
    began = time.perf_counter()
    for _ in range(20):
        one @ one
    torch.cuda.synchronize()
    return 20 * 2 * float(MATRIX) ** 3 / (time.perf_counter() - began)


def from_memory(engines: EngineSet, given: NDArray[np.uint8]) -> None:
    """Compute ``CLIPS`` clips that need no decoding, as the tools do; some again and again."""

    async def compute() -> None:
        async with aclosing(stream(engines, CAPABILITY, islice(cycle(given), CLIPS))) as answers:
            async for _ in answers:
                pass

    asyncio.run(compute())


def hour_of_video(engines: EngineSet, hour: Path, model: float) -> list[Goal]:
    """Time every clip of an hour: read only, then as the tool does.

    Args:
        engines: Loaded.
        hour: The video.
        model: Clips a second that the GPU computes.
    """
    chosen, readers = schedule(hour, FULL), engines.main.readers
    began = time.perf_counter()
    with closing(read_together(hour, chosen, decoders=readers)) as clips:
        count = sum(1 for _ in clips)
    decode = count / (time.perf_counter() - began)
    seconds, busy = busily(lambda: ours(engines, hour, FULL))
    return [
        Goal(f"GPU: decode limit, clips/s by {readers} decoders", decode),
        Goal("GPU: an hour of video, wall seconds", seconds),
        Goal(
            "GPU: an hour: share of the lower limit", count / seconds / min(model, decode), ">= 0.8"
        ),
        Goal("GPU: an hour: busy share", busy),
    ]


def busily(act: Callable[[], Any]) -> tuple[float, float]:
    """Return the wall seconds of ``act`` and the share of them in which the GPU was busy."""
    shares: list[float] = []
    stop = threading.Event()
    watcher = threading.Thread(target=_watch, args=(shares, stop))
    watcher.start()
    began = time.perf_counter()
    try:
        act()
    finally:
        seconds = time.perf_counter() - began
        stop.set()
        watcher.join()
    return seconds, float(np.mean(shares)) if shares else 0.0


def _watch(shares: list[float], stop: threading.Event) -> None:
    command = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
    while not stop.wait(0.5):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            shares.append(float(done.stdout.split()[0]) / 100)
