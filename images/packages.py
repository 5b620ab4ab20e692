"""What an image installs, out of pyproject.toml, and whether all of it is pinned.

Run inside a build stage, by Python 3.11 alone: ``packages.py wanted EXTRA,…`` or
``packages.py unpinned FREEZE_FILE``.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
BROUGHT_BY_TORCH = ("nvidia-", "cuda-", "torch")
"""torch names its CUDA packages by exact versions itself, and those differ from build to build."""


def wanted(extras: list[str]) -> list[str]:
    """Return the requirements of the project and of these extras.

    Raises:
        KeyError: There is no such extra.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = list(project["dependencies"])
    for extra in extras:
        found += project["optional-dependencies"][extra]
    return found


def unpinned(freeze: list[str]) -> list[str]:
    """Return the installed ``name==version`` that constraints.txt does not name so.

    Args:
        freeze: Lines of ``pip freeze``.
    """
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pins = {_plain(line) for line in text.splitlines()}
    installed = [line for line in freeze if not _plain(line).startswith(BROUGHT_BY_TORCH)]
    return [line for line in installed if _plain(line) not in pins]


def _plain(line: str) -> str:
    """Return ``name==version`` with the name as packages' indexes spell it (PEP 503)."""
    name, _, version = line.strip().partition("==")
    return f"{re.sub(r'[-_.]+', '-', name).lower()}=={version}"


def main(words: list[str]) -> int:
    """Print what was asked for; 1 if something is not pinned."""
    if words[0] == "wanted":
        sys.stdout.write("\n".join(wanted(words[1].split(","))) + "\n")
        return 0
    loose = unpinned(Path(words[1]).read_text(encoding="utf-8").splitlines())
    sys.stdout.writelines(f"not in constraints.txt: {line}\n" for line in loose)
    return 1 if loose else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
