"""Downloads whose process is killed at any moment: nothing is lost, nothing is mixed up."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import wait_until
from tests.media_site import MediaSite, draw_clip

ROOT = Path(__file__).parents[2]
CODE = """
import sys
from pathlib import Path
from gleanery.config import Config
from items import Article
from platforms.media.download import download
rules = Config(
    download_media=("videos",), allowed_addresses=("127.0.0.0/8",), media_bytes_per_second=4_000_000
)
item = Article(platform="web", external_id="u", url="http://e.com/", media=[sys.argv[1]])
print(download(item, rules, Path(sys.argv[2]))[0].path, flush=True)
"""


@pytest.mark.slow
def test_a_download_killed_ten_times_ends_with_the_right_bytes(tmp_path):
    clip = draw_clip(tmp_path / "clip.mp4").read_bytes()
    body = clip + random.Random(5).randbytes(12_000_000)
    folder = tmp_path / "work"
    with MediaSite() as site:
        url = site.put("/a.mp4", body)
        command = [sys.executable, "-c", CODE, url, str(folder)]
        for turn in range(10):
            with subprocess.Popen(command, cwd=ROOT) as process:
                wait_until(lambda goal=turn: received(folder) > goal * 900_000, seconds=60)
                os.kill(process.pid, signal.SIGKILL)
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert Path(done.stdout.strip()).read_bytes() == body
    starts = [wanted for path, wanted in site.asked if path == "/a.mp4"]
    assert len(starts) == 11
    assert starts[0] == ""
    assert all(wanted.startswith("bytes=") for wanted in starts[1:])


def received(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.part"))
