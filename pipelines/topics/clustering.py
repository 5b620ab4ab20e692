"""Which texts tell of the same: single-pass clustering over terms and vectors.

Texts come in the order of time, and each joins the cluster it is most like, or begins one (Allan,
Papka & Lavrenko, "On-line New Event Detection and Tracking", SIGIR 1998); afterwards clusters that
are alike are laid together. Likeness is the cosine of weighted terms, and
that of the model's vectors, where there is a model: terms tell events apart that vectors take for
one, vectors join languages.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

Terms = dict[str, float]
"""Weights of terms, of unit L2 norm."""

VECTOR_SHARE = 0.4
"""Part of the vectors in the likeness."""
JOIN, JOIN_TERMS = 0.30, 0.20
"""Least likeness to a cluster for a text to join it: with vectors, and with terms only."""
MERGE = 1.35
"""Clusters are laid together at so many times that likeness."""
COMMON = 0.05
"""Share of texts from which on a term tells nothing."""


def weighted(texts: Sequence[set[str]]) -> list[Terms]:
    """Weigh terms by how rare they are (inverse document frequency, Spärck Jones, 1972).

    Args:
        texts: The terms of each text.

    Returns:
        In the same order; terms of one text only, and those of too many, are left out.
    """
    frequency = Counter(term for terms in texts for term in terms)
    most = max(10, COMMON * len(texts))
    rarity = {t: math.log(len(texts) / n) for t, n in frequency.items() if 1 < n <= most}
    weights = [{t: rarity[t] for t in sorted(terms) if t in rarity} for terms in texts]
    return [unit(terms) for terms in weights]


def unit(terms: Terms) -> Terms:
    """Return ``terms`` at the length 1, or as they are if they are none."""
    length = math.sqrt(sum(w * w for w in terms.values()))
    return {t: w / length for t, w in terms.items()} if length else terms


def centred(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Take away what all vectors have in common; shape ``(n, dim)``, rows of unit norm."""
    moved = vectors - vectors.mean(axis=0)
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.asarray(moved / np.maximum(lengths, 1e-9), dtype=np.float32)


@dataclass(slots=True)
class Cluster:
    """Texts by their numbers, and the sums of their terms and vectors."""

    members: list[int] = field(default_factory=list)
    terms: Terms = field(default_factory=dict)
    squares: float = 0.0
    """Of the sums of terms."""
    vector: NDArray[np.float32] | None = None

    def add(self, members: Sequence[int], terms: Terms, vector: NDArray[np.float32] | None) -> None:
        """Take in texts."""
        self.members += members
        for term, weight in terms.items():
            old = self.terms.get(term, 0.0)
            self.terms[term] = old + weight
            self.squares += weight * (2 * old + weight)
        if vector is not None:
            self.vector = vector.copy() if self.vector is None else self.vector + vector


class Clustering:
    """Clusters that grow text by text; memory is bounded by the texts' terms."""

    def __init__(self, dim: int = 0) -> None:
        """Begin.

        Args:
            dim: Length of the vectors; 0 = there are none.
        """
        self.clusters: list[Cluster] = []
        self._by_term: dict[str, set[int]] = defaultdict(set)
        self._directions = np.zeros((64, dim), dtype=np.float32)
        self.share = VECTOR_SHARE if dim else 0.0
        self.threshold = JOIN if dim else JOIN_TERMS

    def add(self, number: int, terms: Terms, vector: NDArray[np.float32] | None = None) -> None:
        """Let a text join a cluster, or begin one."""
        best, likeness = self._nearest(terms, vector)
        if best is None or likeness < self.threshold:
            best = len(self.clusters)
            self.clusters.append(Cluster())
        self._put(best, [number], terms, vector)

    def merged(self) -> list[Cluster]:
        """Lay clusters together that are alike, the largest first; return those that are left."""
        again = Clustering(self._directions.shape[1])
        again.threshold = self.threshold * MERGE
        for cluster in sorted(self.clusters, key=lambda c: (-len(c.members), c.members[0])):
            length = math.sqrt(cluster.squares) or 1.0
            near = {t: w / length for t, w in cluster.terms.items()}
            best, likeness = again._nearest(near, _direction(cluster.vector))
            if best is None or likeness < again.threshold:
                best = len(again.clusters)
                again.clusters.append(Cluster())
            again._put(best, cluster.members, cluster.terms, cluster.vector)
        return again.clusters

    def _put(
        self, place: int, members: list[int], terms: Terms, vector: NDArray[np.float32] | None
    ) -> None:
        cluster = self.clusters[place]
        cluster.add(members, terms, vector)
        for term in terms:
            self._by_term[term].add(place)
        if cluster.vector is not None:
            if place >= len(self._directions):
                self._directions = np.vstack([self._directions, np.zeros_like(self._directions)])
            self._directions[place] = _direction(cluster.vector)

    def _nearest(
        self, terms: Terms, vector: NDArray[np.float32] | None
    ) -> tuple[int | None, float]:
        scores: dict[int, float] = defaultdict(float)
        for term, weight in terms.items():
            for place in self._by_term.get(term, ()):
                scores[place] += weight * self.clusters[place].terms[term]
        for place in scores:
            # 0: terms that all texts have weigh nothing
            scores[place] *= (1 - self.share) / (math.sqrt(self.clusters[place].squares) or 1.0)
        if vector is not None and self.clusters:
            alike = self.share * (self._directions[: len(self.clusters)] @ vector)
            for place in {*scores, int(alike.argmax())}:
                scores[place] += float(alike[place])
        best = max(scores, key=lambda place: (scores[place], -place), default=None)
        return best, scores[best] if best is not None else 0.0


def _direction(vector: NDArray[np.float32] | None) -> NDArray[np.float32] | None:
    return None if vector is None else vector / max(float(np.linalg.norm(vector)), 1e-9)


def central(cluster: Cluster, texts: Sequence[Terms], most: int) -> list[int]:
    """Return up to ``most`` members, those first that say most of what all of them say."""

    def closeness(number: int) -> float:
        return sum(w * cluster.terms.get(t, 0.0) for t, w in texts[number].items())

    return sorted(cluster.members, key=lambda n: (-closeness(n), n))[:most]


def keywords(cluster: Cluster, most: int = 8) -> list[str]:
    """Return the terms that weigh most."""
    ordered: Iterable[tuple[str, float]] = sorted(
        cluster.terms.items(), key=lambda pair: (-pair[1], pair[0])
    )
    return [term for term, _ in ordered][:most]
