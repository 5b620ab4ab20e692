"""The part of ``benchmarks.video`` that needs a GPU; without one it says that it was not run."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.goals import Goal
from items.taxonomy import load_taxonomy
from media.sampling import FULL, read_clips, schedule
from model_server.engines.timesformer import TimesformerEngine, TimesformerOptions
from tests.media.making import ffmpeg

if TYPE_CHECKING:
    from pathlib import Path

GFLOP_A_CLIP = 392
BATCH, BATCHES = 32, 10
MATRIX = 8192


def gpu_goals(folder: Path, checkpoint: Path) -> list[Goal]:
    """Return clips a second, their share of the measured limit, and how busy the GPU is."""
    import torch

    if not torch.cuda.is_available():
        print("GPU: not run, there is none here", file=sys.stderr)
        return []
    engine = TimesformerEngine(
        load_taxonomy(), TimesformerOptions(model=str(checkpoint)), cache=folder / "cache"
    )
    engine.load()
    engine.self_test()
    limit = matmul_limit(torch)
    clips = model_speed(engine)
    hour, busy = hour_of_video(engine, folder)
    return [
        Goal("GPU: bf16 matmul limit, TFLOP/s", limit / 1e12),
        Goal("GPU: clips/s, model alone", clips),
        Goal("GPU: share of that limit", clips * GFLOP_A_CLIP * 1e9 / limit),
        Goal("GPU: an hour of video, wall seconds", hour),
        Goal("GPU: busy share meanwhile", busy, ">= 0.8"),
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


def model_speed(engine: TimesformerEngine) -> float:
    """Return clips a second from pixels in memory to vectors in memory."""
    clips = list(np.random.default_rng(0).integers(0, 255, (BATCH, 8, 224, 224, 3), np.uint8))
    engine.vectorize_video(clips)
    began = time.perf_counter()
    for _ in range(BATCHES):
        engine.vectorize_video(clips)
    return BATCH * BATCHES / (time.perf_counter() - began)


def hour_of_video(engine: TimesformerEngine, folder: Path) -> tuple[float, float]:
    """Return the wall seconds of every clip of an hour, decoded in another thread, and how busy."""
    minute, hour = folder / "minute.mp4", folder / "hour.mp4"
    picture = "testsrc2=s=640x360:r=30:d=60"
    ffmpeg("-f", "lavfi", "-i", picture, "-pix_fmt", "yuv420p", "-preset", "veryfast", minute)
    ffmpeg("-stream_loop", "59", "-i", minute, "-c", "copy", hour)
    shares: list[float] = []
    stop = threading.Event()
    watcher = threading.Thread(target=_watch, args=(shares, stop))
    watcher.start()
    began = time.perf_counter()
    waiting: list[Any] = []
    with closing(read_clips(hour, schedule(hour, FULL))) as clips:
        for clip in clips:
            waiting.append(clip.frames)
            if len(waiting) == BATCH:
                engine.vectorize_video(waiting)
                waiting = []
        if waiting:
            engine.vectorize_video(waiting)
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
