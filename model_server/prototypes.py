"""Classify by likeness to descriptions: centred bilingual prototypes, no training.

A sentence encoder puts all texts of one language close together; only what is left after the
language's own mean is taken away tells subjects apart (all-but-the-top, Mu & Viswanath, 2018,
arXiv:1702.01417, reduced to its first step). Descriptions and documents have means of their own:
those of the descriptions come from themselves, those of documents from ``background.yaml``.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import yaml
from numpy.typing import NDArray

from items.taxonomy import Category, Subcategory, Taxonomy

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]
"""Texts → shape ``(len(texts), dim)``."""

LANGUAGES = ("ko", "en")
CATEGORY_WEIGHT = 0.6
"""Share of a category's own description in its prototype; its sub-categories' mean has the rest."""
BACKGROUND_FILE = Path(__file__).with_name("background.yaml")


@dataclass(slots=True, kw_only=True, frozen=True)
class Prototypes:
    """Unit vectors of everything in a taxonomy, and the means to subtract from documents."""

    centres: Vectors
    """Shape ``(2, dim)``: mean of Korean, of English documents."""
    categories: Vectors
    """Shape ``(categories, dim)``; unit rows, in the taxonomy's order."""
    subcategories: Vectors
    """Shape ``(all sub-categories, dim)``; unit rows, in the taxonomy's order."""

    def centred(self, vectors: Vectors, korean: Sequence[bool]) -> Vectors:
        """Return unit rows: documents less the mean of their language."""
        means = self.centres[[0 if is_korean else 1 for is_korean in korean]]
        return unit(vectors - means)


def load_prototypes(taxonomy: Taxonomy, embed: Embed, *, encoder: str, cache: Path) -> Prototypes:
    """Return the prototypes from ``cache``, else compute them (some hundred texts) and keep them.

    Args:
        taxonomy: Names are left out, descriptions are embedded.
        embed: The encoder.
        encoder: Its name and version: another one gets another file.
        cache: Folder; where it cannot be written, nothing is kept.
    """
    path = cache / f"prototypes-{_key(taxonomy, encoder)}.npz"
    try:
        with np.load(BytesIO(path.read_bytes())) as kept:
            return Prototypes(**kept)
    except (OSError, ValueError, TypeError, EOFError, KeyError, BadZipFile):
        made = build_prototypes(taxonomy, embed)
        _keep(made, path)
        return made


def build_prototypes(taxonomy: Taxonomy, embed: Embed) -> Prototypes:
    """Embed the descriptions and the background texts."""
    subs = [s for c in taxonomy.categories for s in c.subcategories]
    background = yaml.safe_load(BACKGROUND_FILE.read_text(encoding="utf-8"))
    own, parts = [], []
    for language in LANGUAGES:
        category_rows = embed(_descriptions(taxonomy.categories, language))
        sub_rows = embed(_descriptions(subs, language))
        mean = np.concatenate([category_rows, sub_rows]).mean(axis=0)
        own.append(unit(category_rows - mean))
        parts.append(unit(sub_rows - mean))
    owners = [i for i, c in enumerate(taxonomy.categories) for _ in c.subcategories]
    owns, both = unit(np.mean(own, axis=0)), np.mean(parts, axis=0)
    rows = []
    for i, row in enumerate(owns):
        inside = both[[o == i for o in owners]]
        below = unit(inside.mean(axis=0)) if len(inside) else row
        rows.append(CATEGORY_WEIGHT * row + (1 - CATEGORY_WEIGHT) * below)
    return Prototypes(
        centres=np.stack([embed(background[name]).mean(axis=0) for name in LANGUAGES]),
        categories=unit(np.stack(rows)),
        subcategories=unit(both),
    )


def unit(rows: Vectors) -> Vectors:
    """Return ``rows`` with L2 norm 1 along the last axis; a zero row stays zero."""
    norms = np.linalg.norm(rows, axis=-1, keepdims=True)
    scaled: Vectors = (rows / np.where(norms == 0, 1, norms)).astype(np.float32)
    return scaled


def softmax(rows: Vectors) -> NDArray[np.float64]:
    """Return each row as shares in [0, 1] that sum to 1."""
    raised = np.exp(rows.astype(np.float64) - rows.max(axis=-1, keepdims=True))
    shares: NDArray[np.float64] = raised / raised.sum(axis=-1, keepdims=True)
    return shares


def _descriptions(entries: Sequence[Category] | Sequence[Subcategory], language: str) -> list[str]:
    return [getattr(entry, f"description_{language}") for entry in entries]


def _key(taxonomy: Taxonomy, encoder: str) -> str:
    background = BACKGROUND_FILE.read_text(encoding="utf-8")
    parts = repr((encoder, CATEGORY_WEIGHT, asdict(taxonomy), background))
    return hashlib.sha256(parts.encode()).hexdigest()[:16]


def _keep(prototypes: Prototypes, path: Path) -> None:
    """Write beside, then rename: two crawls may start at once, and one may be killed."""
    beside = path.with_name(f"{path.stem}.{os.getpid()}.tmp.npz")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(beside, **asdict(prototypes))
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink()
