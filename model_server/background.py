"""Ordinary documents of ours on all sorts of subjects: what a model says of anything at all."""

from __future__ import annotations

from pathlib import Path

from gleanery.yaml_text import read_yaml

BACKGROUND_FILE = Path(__file__).with_name("background.yaml")


def load_background() -> dict[str, list[str]]:
    """Return the documents by language, ``ko`` and ``en``."""
    found: dict[str, list[str]] = read_yaml(BACKGROUND_FILE.read_text(encoding="utf-8"))
    return found
