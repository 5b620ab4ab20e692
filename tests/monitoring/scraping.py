"""Reads what a program tells, and asks promtool what it thinks of it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import httpx2
from prometheus_client.parser import text_string_to_metric_families

from tests.cli import ROOT
from tests.conftest import missing_server

COMPONENT = ROOT / "k8s" / "components" / "monitoring"
_PROCESS = re.compile(r"process_")


def promtool(*arguments: str, given: str = "", folder: Path = ROOT) -> str:
    """Run promtool; return all that it says, and fail if it fails."""
    program = shutil.which("promtool") or missing_server("promtool")
    done = subprocess.run(
        [program, *arguments], input=given, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


class Scrape:
    """What a program told."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.samples = {
            (s.name, tuple(sorted(s.labels.items()))): s.value
            for family in text_string_to_metric_families(text)
            for s in family.samples
        }

    @property
    def names(self) -> set[str]:
        """Families as docs/metrics.md names them: counters with ``_total``; ours alone."""
        found = set()
        for family in text_string_to_metric_families(self.text):
            if not _PROCESS.match(family.name):
                suffix = "_total" if family.type == "counter" else ""
                found.add(family.name.removesuffix("_total") + suffix)
        return found

    def __call__(self, name: str, **labels: str) -> float | None:
        """Return one value; ``None`` if there is none."""
        return self.samples.get((name, tuple(sorted(labels.items()))))

    def total(self, name: str, **labels: str) -> float:
        """Return the sum of all samples that have these labels."""
        wanted = set(labels.items())
        return sum(v for (n, has), v in self.samples.items() if n == name and wanted <= set(has))


def scrape(url: str, **headers: str) -> Scrape:
    """Read ``/metrics`` of a running program."""
    answer = httpx2.get(f"{url}/metrics", headers=headers, timeout=60)
    assert answer.status_code == 200, answer.text
    return Scrape(answer.text)


def documented() -> set[str]:
    """Names that docs/metrics.md lists in its tables."""
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `gleanery_")]
    return {n for row in rows for n in re.findall(r"`(gleanery_[a-z_]+)`", row)}
