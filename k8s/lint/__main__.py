"""``python -m k8s.lint [FOLDER…]``: 0 if all fits together, else 1; by default all overlays."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from k8s.lint.rendering import RenderError, render
from k8s.lint.rules import lint
from k8s.lint.stacks import folder_of, prepare, stacks


def main(folders: list[str]) -> int:
    """Check each folder, or every stack; print a line for each finding."""
    if folders:
        return _all({name: Path(name) for name in folders})
    with tempfile.TemporaryDirectory() as scratch:
        copy = prepare(Path(scratch))
        return _all({str(each): folder_of(each, copy) for each in stacks()})


def _all(folders: dict[str, Path]) -> int:
    failed = 0
    for name, folder in folders.items():
        failed |= _check(name, folder)
    return int(failed)


def _check(name: str, folder: Path) -> bool:
    """Print what is wrong; return whether anything is."""
    try:
        findings = [str(each) for each in lint(render(folder))]
    except RenderError as error:
        findings = [str(error)]
    for each in findings:
        sys.stdout.write(f"{name}: {each}\n")
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
