"""Run every benchmark, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PARTS = {
    "admin_items", "admin_jobs", "admin_live", "admin_pages",
    "frontier_site", "frontier_crawler", "near_filling", "near_texts", "scale_worker",
    "serving_load", "video_gpu",
}  # fmt: skip
"""Files that others run."""
NAMES = sorted(
    p.stem for p in HERE.glob("*.py") if p.stem not in {"__init__", "__main__", "goals"} | PARTS
)

if __name__ == "__main__":
    failed = [
        name
        for name in NAMES
        if subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}", *sys.argv[1:]],
            check=False,
            cwd=HERE.parent,
        ).returncode
    ]
    sys.exit(f"goals not met: {', '.join(failed)}" if failed else 0)
