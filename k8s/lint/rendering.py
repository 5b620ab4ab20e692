"""Manifests as kubectl would apply them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

Json = dict[str, Any]


class RenderError(Exception):
    """kustomize refused a folder; the message is its own."""


def kubectl() -> str | None:
    """Return the program: beside this Python, else on the path; ``None`` if there is none."""
    beside = Path(sys.executable).with_name("kubectl")
    return str(beside) if beside.exists() else shutil.which("kubectl")


def render(folder: Path) -> list[Json]:
    """Return the objects of a folder with a ``kustomization.yaml``; raises as :func:`rendered`."""
    return parse(rendered(folder))


def rendered(folder: Path) -> str:
    """Return what kubectl makes of a folder with a ``kustomization.yaml``.

    Raises:
        RenderError: It cannot be rendered.
        FileNotFoundError: There is no kubectl.
    """
    program = kubectl()
    if program is None:
        raise FileNotFoundError("kubectl")
    command = [program, "kustomize", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - kubectl
    if done.returncode:
        raise RenderError(done.stderr.strip())
    return done.stdout


def parse(text: str) -> list[Json]:
    """Return the objects of YAML documents."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [each for each in yaml.load_all(text, Loader=loader) if each]
