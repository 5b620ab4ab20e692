"""What labelled documents teach: corrections to the prototypes' answer, near those documents only.

Kernel ridge regression (Saunders et al., 1998) of what the prototypes get wrong: the right answer
less the shares that they give. Its solution is closed: no steps, no seed, the same rows give the
same head. Away from every labelled document the correction fades by itself (the kernel falls off)
and is switched off by a gate on the nearest one, so that a source nobody labelled is left to the
prototypes. A category that was not there at training keeps the prototypes' share; the head only
redistributes the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model_server.likeness.prototypes import Vectors

Shares = NDArray[np.float64]
"""Shape ``(documents, categories)``; each row in [0, 1], sum 1."""

REACH = 2.0
"""The kernel is ``exp(REACH * (cosine - 1))``: e⁻² for documents that have nothing in common."""
RIDGE = 0.1
"""Doubt in each label: 0 would reproduce wrong labels exactly."""
EVEN = 2.0
"""Temperature of the prototypes' shares before they are corrected: evener, they are less in the way
of the labels; where nothing is corrected they are sharpened back to what they were."""
GATE, GATE_WIDTH = 0.36, 0.02
"""Cosine to the nearest labelled document where corrections count half, and how fast that turns.

These five were chosen by cross-validation inside sources and across them, on one half of the rows.
"""
LEAST = 1e-3
"""Share below which no category falls: corrections may overshoot into negative numbers."""


@dataclass(slots=True, kw_only=True, frozen=True)
class Corrected:
    """What a head makes of the prototypes' shares, confidence not yet set right."""

    scores: Shares
    """About shares, each row summing to about 1; may be negative."""
    trust: NDArray[np.float64]
    """Shape ``(documents,)``: 1 beside a labelled document, 0 far from all of them."""

    def calibrated(self, temperature: float) -> Shares:
        """Return shares: at ``temperature`` near labelled documents, the prototypes' far away."""
        exponents = 1 / (self.trust * temperature + (1 - self.trust) / EVEN)
        return _shares(np.maximum(self.scores, LEAST) ** exponents[:, None])


@dataclass(slots=True, kw_only=True, frozen=True)
class Head:
    """Labelled documents and the weight of each one's correction."""

    vectors: Vectors
    """Shape ``(rows, dim)``: centred unit vectors of what was labelled."""
    weights: Vectors
    """Shape ``(rows, categories)``."""
    keys: tuple[str, ...]
    """The categories at training, in the order of the columns."""

    def correct(self, documents: Vectors, shares: Shares, keys: Sequence[str]) -> Corrected:
        """Correct the prototypes' ``shares``.

        Args:
            documents: Centred unit rows.
            shares: What the prototypes say of them.
            keys: Categories of ``shares``; more, fewer or others than at training.
        """
        cosines = documents @ self.vectors.T
        nearest = cosines.max(axis=1).astype(np.float64)
        trust = 1 / (1 + np.exp((GATE - nearest) / GATE_WIDTH))
        known = [key for key in keys if key in self.keys]
        columns = [keys.index(key) for key in known]
        change = _kernel(cosines) @ self.weights[:, [self.keys.index(key) for key in known]]
        scores = evened(shares)
        room = scores[:, columns].sum(axis=1, keepdims=True)  # the rest is new categories'
        scores[:, columns] += trust[:, None] * room * change
        return Corrected(scores=scores, trust=trust)


def train_head(
    vectors: Vectors, labels: Sequence[int], shares: Shares, keys: Sequence[str]
) -> Head:
    """Solve for the weights: one system of ``rows`` equations, a second for 3,000 rows.

    Args:
        vectors: Centred unit rows.
        labels: Place of each row's right category in ``keys``.
        shares: What the prototypes say of the rows.
        keys: The categories.
    """
    wrong = np.eye(len(keys))[list(labels)] - evened(shares)
    matrix = _kernel(vectors @ vectors.T) + RIDGE * np.eye(len(vectors), dtype=np.float32)
    weights = np.linalg.solve(matrix, wrong.astype(np.float32)).astype(np.float32)
    return Head(vectors=vectors, weights=weights, keys=tuple(keys))


def evened(shares: Shares) -> Shares:
    """Return ``shares`` at the temperature :data:`EVEN`, each row summing to 1."""
    return _shares(shares ** (1 / EVEN))


def fit_temperature(answers: Corrected, labels: Sequence[int]) -> float:
    """Return the temperature under which ``labels`` are likeliest (Guo et al., 2017).

    Args:
        answers: On rows that were not trained on.
        labels: Their right columns.
    """
    tried = np.geomspace(0.2, 4, 60)
    rows = np.arange(len(labels))
    losses = [-np.log(answers.calibrated(t)[rows, list(labels)]).mean() for t in tried]
    return float(tried[int(np.argmin(losses))])


def _shares(rows: Shares) -> Shares:
    found: Shares = rows / rows.sum(axis=1, keepdims=True)
    return found


def _kernel(cosines: Vectors) -> Vectors:
    values: Vectors = np.exp(np.float32(REACH) * (cosines - np.float32(1)))
    return values
