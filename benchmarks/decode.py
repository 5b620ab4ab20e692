"""What decoding costs: against OpenCV reading every frame, in memory, and to start the sandbox.

Speeds are in processor seconds, so that they hold on a busy machine, too.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import cv2
from imageio_ffmpeg import get_ffmpeg_exe

from benchmarks.goals import Goal, show
from media.sampling import FULL, ClipPlan, read_clips, schedule
from media.sandbox import run

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTES = (1, 5, 30)


def main() -> None:
    """Make the videos, measure, print."""
    if sys.argv[1:2] == ["--peak"]:
        print(_read(Path(sys.argv[2])))
        return
    with TemporaryDirectory() as folder:
        videos = {minutes: Path(folder) / f"{minutes}.mp4" for minutes in MINUTES}
        _make(videos)
        goals = [*_speed(videos[5]), *_memory(videos), *_start_up(Path(folder) / "1.mp4")]
    show(goals)


def _make(videos: dict[int, Path]) -> None:
    """One minute of FFmpeg's moving test picture with noise, and the same again and again."""
    source = ("-f", "lavfi", "-i", "testsrc2=s=640x360:r=30:d=60", "-vf", "noise=alls=4:allf=t")
    _ffmpeg(*source, "-preset", "veryfast", "-pix_fmt", "yuv420p", videos[1])
    for minutes in MINUTES[1:]:
        times = ("-stream_loop", str(minutes - 1))
        _ffmpeg(*times, "-i", videos[1], "-c", "copy", videos[minutes])


def _ffmpeg(*arguments: str | Path) -> None:
    command = [get_ffmpeg_exe(), "-v", "error", "-y", "-nostdin", *map(str, arguments)]
    subprocess.run(command, check=True)


def _speed(video: Path) -> list[Goal]:
    naive = _processor_seconds(lambda: _opencv(video))
    full = _processor_seconds(lambda: _clips(video, FULL))
    few = _processor_seconds(lambda: _clips(video, ClipPlan()))
    return [
        Goal("5 min of 360p: OpenCV, every frame, processor s", naive),
        Goal("5 min of 360p: all clips, processor s", full),
        Goal("5 min of 360p: chosen clips, processor s", few),
        Goal("all clips, times as cheap as OpenCV", naive / full, ">= 1.2"),
        Goal("chosen clips, times as cheap as OpenCV", naive / few, ">= 2"),
    ]


def _opencv(video: Path) -> None:
    """The naive reader: each frame is decoded, shrunk and brought to RGB."""
    capture = cv2.VideoCapture(str(video))
    while True:
        good, frame = capture.read()
        if not good:
            break
        cv2.cvtColor(cv2.resize(frame, (224, 224)), cv2.COLOR_BGR2RGB)
    capture.release()


def _clips(video: Path, plan: ClipPlan) -> int:
    return sum(1 for _ in read_clips(video, schedule(video, plan)))


def _processor_seconds(work: Callable[[], object]) -> float:
    """Of this process and of those it started and waited for."""
    before = _used()
    work()
    return _used() - before


def _used() -> float:
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in both)


def _memory(videos: dict[int, Path]) -> list[Goal]:
    peaks = {minutes: _peak(videos[minutes]) for minutes in (1, 30)}
    return [
        Goal("peak memory of a 1-minute video, MiB", peaks[1]),
        Goal("peak memory of a 30-minute video, MiB", peaks[30]),
        Goal("30 minutes to 1 minute", peaks[30] / peaks[1], "<= 1.2"),
    ]


def _peak(video: Path) -> float:
    """Of a fresh process that reads all clips and of the decoder beside it, together."""
    command = [sys.executable, "-m", "benchmarks.decode", "--peak", str(video)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(json.loads(done.stdout))


def _read(video: Path) -> float:
    for plan in (FULL, ClipPlan()):
        _clips(video, plan)
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(who).ru_maxrss for who in both) / 1024


def _start_up(video: Path) -> list[Goal]:
    seconds = []
    for _ in range(7):
        began = time.perf_counter()
        run("media.inside.facts:facts", video)
        seconds.append(time.perf_counter() - began)
    used = _processor_seconds(lambda: run("media.inside.facts:facts", video))
    return [
        Goal("sandbox, from call to a video's facts, seconds", statistics.median(seconds)),
        Goal("the same, processor seconds", used, "<= 0.5"),
    ]


if __name__ == "__main__":
    main()
