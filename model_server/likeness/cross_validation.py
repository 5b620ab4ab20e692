"""How good a head will be on documents it has not seen: inside its sources, and on a new source."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model_server.likeness.head import Corrected, Shares, evened, fit_temperature, train_head
from model_server.likeness.prototypes import Vectors

FOLDS = 5
SAME = 0.85
"""Cosine of centred vectors above which two rows are taken for one document."""
TRANSLATED = 0.45
"""The same for two rows of one source in two languages that are nearest to one another."""

Mask = NDArray[np.bool_]


@dataclass(slots=True, kw_only=True, frozen=True)
class Labelled:
    """Rows to learn from, embedded."""

    vectors: Vectors
    """Shape ``(rows, dim)``; centred unit rows."""
    korean: Sequence[bool]
    labels: Sequence[int]
    """Place of each row's category in ``keys``."""
    sources: Sequence[str]
    keys: Sequence[str]
    shares: Shares
    """What the prototypes say."""


@dataclass(slots=True, kw_only=True, frozen=True)
class Answers:
    """What heads that had not seen a row say of it."""

    inside: Shares
    """By :data:`FOLDS` folds: the row's source is known, the row is not."""
    across: Shares
    """By sources: the row's source is not known either; the prototypes' where there is but one."""
    temperature: float
    """That makes ``inside`` calibrated; both are given with it."""


def cross_validate(rows: Labelled) -> Answers:
    """Train on all but a part, ask about that part; a document and its copy are never parted."""
    groups = same_documents(rows)
    inside = _ask(rows, _folds(groups), groups)
    temperature = fit_temperature(inside, rows.labels)
    across = _ask(rows, _by_source(rows.sources), groups)
    return Answers(
        inside=inside.calibrated(temperature),
        across=across.calibrated(temperature),
        temperature=temperature,
    )


def same_documents(rows: Labelled) -> NDArray[np.int64]:
    """Return a number for each row, the same for copies, near copies and translations."""
    cosines = rows.vectors @ rows.vectors.T
    pairs = [(int(a), int(b)) for a, b in zip(*np.nonzero(np.triu(cosines > SAME, 1)), strict=True)]
    pairs += _translations(cosines, rows)
    parents = np.arange(len(cosines))
    for one, other in pairs:
        parents[_root(parents, one)] = _root(parents, other)
    return np.array([_root(parents, row) for row in range(len(parents))])


def _translations(cosines: Vectors, rows: Labelled) -> list[tuple[int, int]]:
    korean, sources = np.array(rows.korean), np.array(rows.sources)
    found = []
    for source in sorted(set(rows.sources)):
        ours = np.flatnonzero((sources == source) & korean)
        theirs = np.flatnonzero((sources == source) & ~korean)
        if not len(ours) or not len(theirs):
            continue
        block = cosines[np.ix_(ours, theirs)]
        there, back = block.argmax(axis=1), block.argmax(axis=0)
        found += [
            (int(ours[row]), int(theirs[column]))
            for row, column in enumerate(there)
            if back[column] == row and block[row, column] > TRANSLATED
        ]
    return found


def _ask(rows: Labelled, parts: Iterator[Mask], groups: NDArray[np.int64]) -> Corrected:
    """Return what the head that was trained without a part says of it, part by part."""
    scores, trust = evened(rows.shares), np.zeros(len(rows.labels))
    labels = np.array(rows.labels)
    for part in parts:
        rest = ~part & ~np.isin(groups, groups[part])
        if not part.any() or not rest.any():
            continue
        head = train_head(rows.vectors[rest], labels[rest].tolist(), rows.shares[rest], rows.keys)
        answer = head.correct(rows.vectors[part], rows.shares[part], rows.keys)
        scores[part], trust[part] = answer.scores, answer.trust
    return Corrected(scores=scores, trust=trust)


def _folds(groups: NDArray[np.int64]) -> Iterator[Mask]:
    """Yield which rows are in each fold: by a hash, so that new rows do not move old ones."""
    digests = [hashlib.sha256(str(group).encode()).digest()[0] for group in groups]
    for fold in range(FOLDS):
        yield np.array([digest % FOLDS == fold for digest in digests])


def _by_source(sources: Sequence[str]) -> Iterator[Mask]:
    for source in sorted(set(sources)):
        yield np.array([other == source for other in sources])


def _root(parents: NDArray[np.int64], row: int) -> int:
    while parents[row] != row:
        parents[row] = parents[parents[row]]
        row = int(parents[row])
    return row
