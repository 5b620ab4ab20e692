"""How long our own fast suite takes: its limit is 15 minutes on 2 cores."""

from __future__ import annotations

import subprocess
import sys
import time

from benchmarks.goals import Goal, show


def main() -> None:
    """Run it and print the time."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-m", "not slow and not models"]
    done = subprocess.run(command, check=False, stdout=sys.stderr)
    show(
        [
            Goal("fast suite, seconds", time.perf_counter() - began, "<= 900"),
            Goal("fast suite, exit status", done.returncode, "<= 0"),
        ]
    )


if __name__ == "__main__":
    main()
