"""A built image run without an engine: its own user and command, a root that nobody can write to.

Mounts are made in a namespace of their own (root, util-linux); the network is this machine's.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli import ROOT

PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
PREPARE = """\
set -e; root=$1; shift
mount --make-rprivate /
mount --bind "$root" "$root"
for each in dev proc sys; do mount --rbind "/$each" "$root/$each"; done
for each in tmp data media backups; do
    mount -t tmpfs -o uid=10001,gid=10001,mode=0750 none "$root/$each"
done
mount -o remount,bind,ro "$root"
exec chroot --userspec="$1" "$root" env -i "${@:2}"
"""


class Container:
    """An image's files, its configuration, and programs run in it."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        found = json.loads(buildah("inspect", "--type", "image", image(name)))
        self.config: dict[str, Any] = found["OCIv1"]["config"]

    @property
    def labels(self) -> dict[str, str]:
        return dict(self.config["Labels"])

    def start(self, *more: str, **variables: str) -> subprocess.Popen[bytes]:
        """Start the image's command, with more arguments."""
        return self.run(*self.config["Cmd"], *more, **variables)

    def run(self, *words: str, **variables: str) -> subprocess.Popen[bytes]:
        """Start a program as the image's user in its working folder; SIGTERM reaches it itself."""
        given = [*self.config["Env"], *(f"{name}={value}" for name, value in variables.items())]
        inside = ["sh", "-c", f'cd {self.config["WorkingDir"]} && exec "$@"', "sh", *words]
        command = ["unshare", "--mount", "bash", "-c", PREPARE, "bash", str(self.folder)]
        return subprocess.Popen(
            [*command, self.config["User"], *given, *inside],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip


@contextmanager
def container(name: str) -> Iterator[Container]:
    """Mount an image's files.

    One that is not there skips by name, but for ``client``, the smallest: it is built where
    ``GLEANERY_BUILD_IMAGES`` is set (minutes, and Debian's packages).
    """
    if os.geteuid() != 0 or not shutil.which("buildah") or not shutil.which("unshare"):
        pytest.skip("no builder of images: buildah, as root")
    if not buildah("images", "--quiet", "--filter", f"reference={image(name)}"):
        if name != "client" or not os.environ.get("GLEANERY_BUILD_IMAGES"):
            pytest.skip(f"image not built: make images TARGETS={name}")
        build(name)
    made = buildah("from", "--pull-never", image(name))
    try:
        yield Container(name, Path(buildah("mount", made)))
    finally:
        buildah("rm", made)


def image(name: str) -> str:
    """Return the name that ``make images`` gives an image."""
    version = re.search(r'^version = "(.*)"', PROJECT, re.MULTILINE)
    assert version
    return f"localhost/gleanery/{name}:{version[1]}"


def build(name: str) -> None:
    """Build an image on a base of its own, as ``make images`` does."""
    options = os.environ.get("BUILD_OPTIONS", "--isolation chroot")
    env = os.environ | {"BUILDER": "buildah", "BASE": "debootstrap", "BUILD_OPTIONS": options}
    done = subprocess.run(
        [ROOT / "images" / "build.sh", name], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def buildah(*words: str) -> str:
    """Run buildah; return what it says."""
    done = subprocess.run(["buildah", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
