"""What a long video costs in memory beside a short one: the part of ``benchmarks.video``."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

from benchmarks.goals import Goal
from benchmarks.video_files import plain
from benchmarks.video_ours import loaded, ours
from media.sampling import ClipPlan
from tests.tiny_video import timesformer

MEMORY = "import sys; from benchmarks.video_memory import peaks; print(*peaks(sys.argv[1]))"


def peaks(name: str) -> tuple[int, int]:
    """Vectorise a video with an engine of small size: what grows is not the model.

    Returns:
        Most KiB that this process has held, and that one of its decoders has.
    """
    decoders = [0]
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(decoders, over))
    watcher.start()
    with tempfile.TemporaryDirectory() as folder:
        small = timesformer(Path(folder) / "small")
        engines = loaded(small, Path(folder), backend="torch")
        ours(engines, Path(name), ClipPlan(stride_seconds=4.0, skip_near_duplicates=False))
    over.set()
    watcher.join()
    return held("self"), decoders[0]


def _watch(decoders: list[int], over: threading.Event) -> None:
    ours_yet = Path("/proc/self/cmdline").read_bytes()  # a fork holds our memory until it is one
    while not over.wait(0.05):
        for children in Path("/proc/self/task").glob("*/children"):
            with suppress(OSError):  # that thread, or that decoder, has just ended
                decoders += [
                    held(pid)
                    for pid in children.read_text().split()
                    if Path(f"/proc/{pid}/cmdline").read_bytes() != ours_yet
                ]
                decoders[:] = [max(decoders)]


def held(pid: str) -> int:
    """Return the most KiB that a process has held since it was started; Linux only.

    Not ``ru_maxrss``: that counts what the process that started it held, too.
    """
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(x.split()[1]) for x in lines if x.startswith("VmHWM:")), 0)


def memory(videos: Path) -> list[Goal]:
    """Compare the peak of a 30-minute video with that of a 1-minute one, each in a process."""
    found = []
    for path in (plain(videos, 1), plain(videos, 30)):
        command = [sys.executable, "-c", MEMORY, str(path)]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found.append([int(n) / 1024 for n in out.split()[-2:]])
    one, thirty = found
    return [
        Goal("peak memory, 1 minute: MiB of the server, small model", one[0]),
        Goal("peak memory, 1 minute: MiB of a decoder", one[1]),
        Goal("peak memory, 30 minutes / 1 minute: server", thirty[0] / one[0], "<= 1.2"),
        Goal("peak memory, 30 minutes / 1 minute: decoder", thirty[1] / one[1], "<= 1.2"),
    ]
