"""The videos of ``benchmarks.video``, made where they are not there yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.video_ours import RATE, SIZE
from tests.media.making import ffmpeg

if TYPE_CHECKING:
    from pathlib import Path

TALK_SECONDS, SLIDE_SECONDS = 600, 120


def moving(folder: Path, seconds: int) -> Path:
    """Return FFmpeg's moving test picture with noise: nothing in it repeats."""
    path = folder / f"moving-{seconds}.mp4"
    if not path.exists():
        picture = f"testsrc2=s={SIZE}:r={RATE}:d={seconds},noise=alls=12:allf=t"
        ffmpeg("-f", "lavfi", "-i", picture, "-pix_fmt", "yuv420p", "-preset", "veryfast", path)
    return path


def talk(folder: Path) -> Path:
    """Return slides of two minutes each; something small moves on every one."""
    path = folder / "talk.mp4"
    if path.exists():
        return path
    slides = TALK_SECONDS // SLIDE_SECONDS
    inputs: list[str] = []
    joined = ""
    for n in range(slides):
        picture = (
            f"mandelbrot=s={SIZE}:r={RATE}:start_x={-0.7 + 0.02 * n}:start_scale={3 - 0.25 * n}"
        )
        inputs += ["-f", "lavfi", "-t", str(1 / RATE), "-i", picture]
        joined += (
            f"[{n}:v]hue=h={72 * n},loop={RATE * SLIDE_SECONDS}:1:0,trim=duration={SLIDE_SECONDS},"
            f"drawbox=x='mod(8*t,100)':y=340:w=8:h=8:c=white:t=fill,format=yuv420p,setsar=1[v{n}];"
        )
    joined += "".join(f"[v{n}]" for n in range(slides)) + f"concat=n={slides}"
    ffmpeg(*inputs, "-filter_complex", joined, "-preset", "veryfast", path)
    return path


def plain(folder: Path, minutes: int) -> Path:
    """Return FFmpeg's moving test picture, one minute again and again."""
    path, minute = folder / f"plain-{minutes}.mp4", folder / "plain-1.mp4"
    if not minute.exists():
        picture = f"testsrc2=s={SIZE}:r={RATE}:d=60"
        ffmpeg("-f", "lavfi", "-i", picture, "-pix_fmt", "yuv420p", "-preset", "veryfast", minute)
    if not path.exists():
        repeat(minute, path, minutes)
    return path


def repeat(minute: Path, path: Path, times: int) -> None:
    """Write the packets of a video of a minute again and again."""
    import av

    with av.open(str(minute)) as source, av.open(str(path), "w") as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        packets = [packet for packet in source.demux(stream) if packet.dts is not None]
        assert stream.time_base is not None
        for n in range(times):
            late = int(60 * n / stream.time_base)
            for packet in packets:
                again = av.Packet(bytes(packet))
                assert packet.pts is not None
                assert packet.dts is not None
                again.pts, again.dts = packet.pts + late, packet.dts + late
                again.time_base, again.is_keyframe = stream.time_base, packet.is_keyframe
                again.stream = copy
                target.mux(again)
