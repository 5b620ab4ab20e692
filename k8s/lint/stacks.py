"""What is checked when nothing is named: every overlay, and every component on one.

``python -m k8s.lint.stacks FOLDER`` writes each as a file of YAML, for other programs to check.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from k8s.lint.rendering import rendered
from k8s.secrets.__main__ import main as write_secrets

MANIFESTS = Path(__file__).parents[1]
ELSEWHERE = {"managed-databases"}
"""One node has its volumes, and who has no databases of their own would not make these."""
_KUSTOMIZATION = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: gleanery
resources: [../../overlays/{overlay}]
components: [{components}]
"""


@dataclass(frozen=True, slots=True)
class Stack:
    """An overlay with components."""

    overlay: str
    components: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "+".join((self.overlay, *self.components))


def stacks() -> list[Stack]:
    """Return the combinations that are checked."""
    overlays = sorted(each.name for each in (MANIFESTS / "overlays").iterdir())
    components = {each.name for each in (MANIFESTS / "components").iterdir()}
    single = [Stack("wsl", (each,)) for each in sorted(components - ELSEWHERE)]
    many = Stack("cluster", ("backup", "gpu", "managed-databases"))
    return [*map(Stack, overlays), *single, many]


def prepare(folder: Path) -> Path:
    """Copy all manifests into a folder, with passwords of its own; return where."""
    copy = folder / "k8s"
    ignored = shutil.ignore_patterns("__pycache__", "lint", "*.env.new", "passwords.env")
    shutil.copytree(MANIFESTS, copy, ignore=ignored)
    write_secrets(copy / "secrets")
    return copy


def folder_of(stack: Stack, copy: Path) -> Path:
    """Return the folder to render a stack from, made if need be."""
    if not stack.components:
        return copy / "overlays" / stack.overlay
    folder = copy / "stacks" / str(stack)
    folder.mkdir(parents=True, exist_ok=True)
    components = ", ".join(f"../../components/{name}" for name in stack.components)
    text = _KUSTOMIZATION.format(overlay=stack.overlay, components=components)
    (folder / "kustomization.yaml").write_text(text, encoding="utf-8")
    return folder


def main(folder: Path) -> None:
    """Write what ``kubectl`` renders of each stack; what was there goes."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        copy = prepare(Path(scratch))
        for stack in stacks():
            text = rendered(folder_of(stack, copy))
            (folder / f"{stack}.yaml").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
