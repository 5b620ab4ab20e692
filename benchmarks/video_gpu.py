"""The part of ``benchmarks.video`` that needs a GPU; without one it says that it was not run."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.goals import Goal
from items.taxonomy import load_taxonomy
from media.sampling import FULL, schedule
from media.together import read_together
from model_server.cores import cores
from model_server.engines.timesformer import TimesformerEngine, TimesformerOptions
from model_server.video.tools import DECODER_CORES
from tests.media.making import ffmpeg

if TYPE_CHECKING:
    from collections.abc import Callable
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
    return [
        Goal("GPU: bf16 matmul limit, TFLOP/s", limit / 1e12),
        Goal("GPU: clips/s, model alone", clips),
        Goal("GPU: share of that limit", clips * GFLOP_A_CLIP * 1e9 / limit),
        *hour_of_video(engine, folder),
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


def hour_of_video(engine: TimesformerEngine, folder: Path) -> list[Goal]:
    """Time every clip of an hour: read only, then read by others while the GPU computes."""
    minute, hour = folder / "minute.mp4", folder / "hour.mp4"
    picture = "testsrc2=s=640x360:r=30:d=60"
    ffmpeg("-f", "lavfi", "-i", picture, "-pix_fmt", "yuv420p", "-preset", "veryfast", minute)
    ffmpeg("-stream_loop", "59", "-i", minute, "-c", "copy", hour)
    chosen, decoders = schedule(hour, FULL), max(1, cores() // DECODER_CORES)
    began = time.perf_counter()
    with closing(read_together(hour, chosen, decoders=decoders)) as clips:
        count = sum(1 for _ in clips)
    limit = count / (time.perf_counter() - began)
    seconds, busy = _busily(lambda: _compute(engine, hour, decoders))
    return [
        Goal(f"GPU: decode limit, clips/s by {decoders} decoders", limit),
        Goal("GPU: an hour of video, wall seconds", seconds),
        Goal("GPU: share of the decode limit", count / seconds / limit),
        Goal("GPU: busy share meanwhile", busy, ">= 0.8"),
    ]


def _compute(engine: TimesformerEngine, path: Path, decoders: int) -> None:
    """Do what the tool does: batches of what has been read while the last one was computed."""
    read: queue.Queue[Any] = queue.Queue(2 * BATCH)

    def reads() -> None:
        try:
            with closing(read_together(path, schedule(path, FULL), decoders=decoders)) as clips:
                for clip in clips:
                    read.put(clip.frames)
        finally:
            read.put(None)

    reader = threading.Thread(target=reads)
    reader.start()
    over = False
    while not over:
        batch = [read.get()]
        while len(batch) < BATCH and not read.empty():
            batch.append(read.get())
        over = batch[-1] is None
        if given := [frames for frames in batch if frames is not None]:
            engine.vectorize_video(given)
    reader.join()


def _busily(act: Callable[[], None]) -> tuple[float, float]:
    """Return the wall seconds of ``act`` and the share of them in which the GPU was busy."""
    shares: list[float] = []
    stop = threading.Event()
    watcher = threading.Thread(target=_watch, args=(shares, stop))
    watcher.start()
    began = time.perf_counter()
    try:
        act()
    finally:
        stop.set()
        watcher.join()
    return time.perf_counter() - began, float(np.mean(shares)) if shares else 0.0


def _watch(shares: list[float], stop: threading.Event) -> None:
    command = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
    while not stop.wait(0.5):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            shares.append(float(done.stdout.split()[0]) / 100)
