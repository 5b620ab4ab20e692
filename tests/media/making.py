"""Real media files for tests, made by FFmpeg."""

from __future__ import annotations

import struct
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

SOUND = ("-f", "lavfi", "-i", "sine=440:r=44100:d={seconds}")


def ffmpeg(*args: str | Path) -> None:
    """Run FFmpeg from its wheel."""
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-nostdin", *map(str, args)]
    subprocess.run(command, check=True)


def video(
    path: Path, *out: str | Path, size: str = "320x180", seconds: float = 2, sound: bool = False
) -> Path:
    """Write FFmpeg's moving test picture at 25 frames a second; ``out`` are its output options."""
    inputs = ["-f", "lavfi", "-i", f"testsrc2=s={size}:r=25:d={seconds}"]
    if sound:
        inputs += [part.format(seconds=seconds) for part in SOUND]
    ffmpeg(*inputs, "-pix_fmt", "yuv420p", *out, path)
    return path


def turned(path: Path, degrees: int, *, seconds: float = 1) -> Path:
    """Write a video whose left third is red when it is seen as its rotation says."""
    upright = path.with_suffix(".upright.mp4")
    back = {90: "transpose=cclock", 180: "hflip,vflip", 270: "transpose=clock", 0: "null"}[degrees]
    picture = "color=blue:s=320x240:r=25,drawbox=w=106:h=240:c=red:t=fill"
    ffmpeg("-f", "lavfi", "-i", picture, "-t", str(seconds), "-vf", back, "-pix_fmt", "yuv420p",
           upright)  # fmt: skip
    # FFmpeg counts anticlockwise.
    ffmpeg("-display_rotation", str(-degrees), "-i", upright, "-c", "copy", path)
    return path


def hdr(path: Path, transfer: str, grey: str) -> Path:
    """Write 10-bit BT.2020 video of one grey, whose code values are those of ``grey``."""
    params = f"log-level=none:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc"
    ffmpeg("-f", "lavfi", "-i", f"color=c={grey}:s=320x240:d=1", "-vf",
           "scale=out_color_matrix=bt2020:out_range=tv,format=yuv420p10le", "-c:v", "libx265",
           "-x265-params", params, "-colorspace", "bt2020nc", "-color_primaries", "bt2020",
           "-color_trc", transfer, "-tag:v", "hvc1", path)  # fmt: skip
    return path


def of_100_hours(path: Path, film: Path) -> Path:
    """Write ``film`` as Matroska whose header claims 100 hours; the packets are what they were."""
    ffmpeg("-i", film, "-c", "copy", path)
    data = bytearray(path.read_bytes())
    place = data.index(bytes.fromhex("448988")) + 3  # Duration: 8 bytes, milliseconds
    struct.pack_into(">d", data, place, 100 * 3600 * 1000.0)
    path.write_bytes(data)
    return path


def of_16k(path: Path) -> Path:
    """Write one frame of 16,384 × 2,400 pixels."""
    ffmpeg("-f", "lavfi", "-i", "color=s=16384x2400:r=1:d=1", "-pix_fmt", "yuvj420p", "-c:v",
           "mjpeg", path)  # fmt: skip
    return path


def uneven(path: Path) -> Path:
    """Write 4 s of video in which a second at 25 frames a second follows one at 5, twice."""
    rate = "select='if(lt(mod(t,2),1),not(mod(n,5)),1)'"
    return video(path, "-vf", rate, "-fps_mode", "vfr", seconds=4)


def scenes(path: Path, *pictures: str, seconds: float = 6, extra: tuple[str, ...] = ()) -> Path:
    """Write one scene after another; a picture is one of FFmpeg's sources, e.g. ``smptebars``."""
    inputs: list[str] = []
    for picture in pictures:
        size = ":s=320x180:r=25" if "=" in picture else "=s=320x180:r=25"
        inputs += ["-f", "lavfi", "-t", str(seconds), "-i", picture + size]
    joined = "".join(f"[{n}:v]format=yuv420p,setsar=1[v{n}];" for n in range(len(pictures)))
    joined += "".join(f"[v{n}]" for n in range(len(pictures)))
    ffmpeg(*inputs, "-filter_complex", f"{joined}concat=n={len(pictures)}", *extra, path)
    return path
