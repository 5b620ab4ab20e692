"""Run the command ``gleanery`` for real, in a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "commands.app"]


@dataclass
class CliResult:
    """What one command left behind."""

    returncode: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)

    @property
    def error(self) -> str:
        """The one line that a failure prints, besides progress."""
        assert self.returncode != 0, self.stdout
        assert "Traceback" not in self.stderr
        lines = [x for x in self.stderr.splitlines() if not re.match(r"\w+: pages \d", x)]
        assert len(lines) == 1, self.stderr
        return lines[0]


def environment(home: Path, **env: str) -> dict[str, str]:
    """The caller's environment with all state in ``home`` and loopback open."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GLEANERY_")}
    return clean | {"GLEANERY_HOME": str(home), "GLEANERY_ALLOWED_ADDRESSES": "127.0.0.0/8"} | env


def gleanery(home: Path, *arguments: str, timeout: float = 300, **env: str) -> CliResult:
    """Run ``gleanery ARGUMENTS``."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env=environment(home, **env),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return CliResult(done.returncode, done.stdout, done.stderr)
