"""The Dockerfile: what can be told without building it; `make images` builds."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from commands.app import app
from images.packages import unpinned, wanted
from tests.conftest import missing_server

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")
IMAGES = ("client", "admin", "worker", "model", "crawl")


def stage(name):
    """The lines of one stage."""
    return re.search(rf"^FROM \S+ AS {name}\n(.*?)(?=^FROM |\Z)", TEXT, re.MULTILINE | re.DOTALL)[1]


def test_hadolint_finds_nothing():
    program = shutil.which("hadolint") or shutil.which("hadolint", path=Path(sys.executable).parent)
    if program is None:
        missing_server("hadolint")

    done = subprocess.run(
        [program, ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_runs_as_nobody_without_a_compiler(name):
    lines = stage(name)

    assert re.findall(r"^USER (.*)", lines, re.MULTILINE) == ["10001:10001"]
    assert lines.index("USER") < lines.index("CMD [")
    assert "build-essential" not in lines
    assert "pip" not in lines
    assert not re.search(r"COPY --from=(build|wheel)\b", lines)
    assert f'image.title="gleanery/{name}"' in lines
    for label in ("description", "version", "revision"):
        assert f"org.opencontainers.image.{label}=" in lines
    assert re.findall(r"^WORKDIR (.*)", lines, re.MULTILINE) == ["/app"]


def test_each_image_starts_a_command_there_is():
    """The words of CMD are a command of ours, or scrapyd."""
    ours = {c.name or c.callback.__name__.replace("_", "-") for c in app.registered_commands}
    ours |= {group.name for group in app.registered_groups}

    for name in IMAGES:
        words = re.findall(r'"([^"]+)"', re.search(r"^CMD (.*)", stage(name), re.MULTILINE)[1])
        assert words[:3] == ["python", "-m", "scrapyd"] or words[1] in ours, name


def test_every_package_that_is_wanted_is_pinned():
    extras = set(re.findall(r"packages (\S+,\S+)", TEXT))
    names = {
        re.split(r"[\[<>=~! ]", line)[0] for words in extras for line in wanted(words.split(","))
    }
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower().replace("_", "-")

    assert extras
    assert [n for n in sorted(names) if not re.search(rf"^{n.lower()}==", pins, re.MULTILINE)] == []


def test_what_is_not_pinned_is_told():
    assert unpinned(["Scrapy==2.19.0", "nvidia-cublas==1"]) == []
    assert unpinned(["Scrapy==2.18.0", "left-pad==1.0"]) == ["Scrapy==2.18.0", "left-pad==1.0"]


def test_no_weights_and_no_state_go_in():
    """The ignore file lets in what the wheel packages, and little more."""
    let_in = set(
        re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    )
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    packages = set(
        re.findall(r'"(\w+)"', re.search(r"wheel\]\npackages = \[(.*?)\]", project, re.DOTALL)[1])
    )

    assert packages <= let_in
    assert let_in - packages == {
        "pyproject.toml", "constraints.txt", "README.md", "LICENSE", "scrapy.cfg", "images",
        "seeds",
    }  # fmt: skip
