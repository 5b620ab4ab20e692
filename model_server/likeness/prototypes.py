"""Classify by likeness to descriptions and examples: centred, bilingual, no training.

A sentence encoder puts all texts of one language close together; only what is left after the
language's own mean is taken away tells subjects apart (all-but-the-top, Mu & Viswanath, 2018,
arXiv:1702.01417, reduced to its first step). Descriptions and documents have means of their own:
those of the descriptions come from themselves, those of documents from ``background.yaml`` and
``examples.yaml``.

A category is as like a document as its nearest prototypes are: a soft maximum over everything known
of it, its own description, its sub-categories' and its examples. One mean vector would stand
between travel and parenting, near neither.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from gleanery.files import write_whole
from gleanery.yaml_text import read_yaml
from items.taxonomy import Category, Subcategory, Taxonomy
from model_server.background import BACKGROUND_FILE, load_background

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]
"""Texts → shape ``(len(texts), dim)``."""

LANGUAGES = ("ko", "en")
SOFTNESS = 0.07
"""Cosine difference that counts in the soft maximum; towards 0 only the nearest prototype does."""
EXAMPLES_FILE = Path(__file__).with_name("examples.yaml")


@dataclass(slots=True, kw_only=True, frozen=True)
class Prototypes:
    """Unit vectors of all that is known of a taxonomy, and the means to subtract from documents."""

    centres: Vectors
    """Shape ``(2, dim)``: mean of Korean, of English documents."""
    rows: Vectors
    """Shape ``(prototypes, dim)``; unit rows."""
    owners: NDArray[np.int64]
    """Shape ``(prototypes,)``: place of each row's category in the taxonomy; every one occurs."""
    subcategories: Vectors
    """Shape ``(all sub-categories, dim)``; unit rows, in the taxonomy's order."""

    def centred(self, vectors: Vectors, korean: Sequence[bool]) -> Vectors:
        """Return unit rows: documents less the mean of their language."""
        means = self.centres[[0 if is_korean else 1 for is_korean in korean]]
        return unit(vectors - means)

    def likeness(self, documents: Vectors) -> NDArray[np.float64]:
        """Return the soft maximum of cosines, shape ``(documents, categories)``, in [-1, 1].

        Args:
            documents: Centred.
        """
        raised = np.exp(((documents @ self.rows.T).astype(np.float64) - 1) / SOFTNESS)
        whose = (self.owners[:, None] == np.arange(self.owners.max() + 1)).astype(np.float64)
        means: NDArray[np.float64] = raised @ (whose / whose.sum(axis=0))
        return 1 + SOFTNESS * np.log(means)


def load_prototypes(taxonomy: Taxonomy, embed: Embed, *, encoder: str, cache: Path) -> Prototypes:
    """Return the prototypes from ``cache``, else compute them (some 900 texts) and keep them.

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
    """Embed the descriptions, the examples and the background texts."""
    background = load_background()
    examples = read_yaml(EXAMPLES_FILE.read_text(encoding="utf-8"))
    subs = [s for c in taxonomy.categories for s in c.subcategories]
    sub_owners = [i for i, c in enumerate(taxonomy.categories) for _ in c.subcategories]
    shown = [(i, examples.get(key, {})) for i, key in enumerate(taxonomy.keys)]
    centres, rows, parts = [], [], []
    owners: list[int] = []
    for language in LANGUAGES:
        described = embed([*_lines(taxonomy.categories, language), *_lines(subs, language)])
        described = unit(described - described.mean(axis=0))
        texts = [(i, text) for i, own in shown for text in own.get(language, ())]
        shown_rows = embed([*(text for _, text in texts), *background[language]])
        centres.append(shown_rows.mean(axis=0))
        rows += [described, unit(shown_rows[: len(texts)] - centres[-1])]
        owners += [*range(len(taxonomy.categories)), *sub_owners, *(i for i, _ in texts)]
        parts.append(described[len(taxonomy.categories) :])
    return Prototypes(
        centres=np.stack(centres),
        rows=np.concatenate(rows),
        owners=np.array(owners),
        subcategories=unit(np.mean(parts, axis=0)),
    )


def unit(rows: Vectors) -> Vectors:
    """Return ``rows`` with L2 norm 1 along the last axis; a zero row stays zero."""
    norms = np.linalg.norm(rows, axis=-1, keepdims=True)
    scaled: Vectors = (rows / np.where(norms == 0, 1, norms)).astype(np.float32)
    return scaled


def _lines(entries: Sequence[Category] | Sequence[Subcategory], language: str) -> list[str]:
    return [getattr(entry, f"description_{language}") for entry in entries]


def _key(taxonomy: Taxonomy, encoder: str) -> str:
    texts = [path.read_text(encoding="utf-8") for path in (BACKGROUND_FILE, EXAMPLES_FILE)]
    parts = repr((encoder, asdict(taxonomy), texts))
    return hashlib.sha256(parts.encode()).hexdigest()[:16]


def _keep(prototypes: Prototypes, path: Path) -> None:
    file = BytesIO()
    np.savez(file, **asdict(prototypes))
    with suppress(OSError):
        write_whole(path, file.getvalue())
