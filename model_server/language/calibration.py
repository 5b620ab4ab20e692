"""How much a model likes each label whatever the document says, so that it can be taken away.

A language model prefers some labels before it has read anything: frequent words, the last example.
The mean log-probability over documents of all sorts is that preference (Zhao et al., 2021,
arXiv:2102.09690, with real documents for their "N/A"). The documents are ``background.yaml``, never
those to be labelled: a verdict must not depend on what else is in its batch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gleanery.files import write_whole
from model_server.background import load_background
from model_server.language.category_questions import CategoryQuestions
from model_server.language.question import Question
from model_server.lead import is_korean

Score = Callable[[Sequence[Question], Sequence[str]], NDArray[np.float64]]
LANGUAGES = 2
"""Korean and any other: each has means of its own."""
EVERY = 32
"""Of the background, every so many-th document is enough where many questions are calibrated."""


def background(every: int = 1) -> list[str]:
    """Return documents on all sorts of subjects, Korean then English, every ``every``-th."""
    return [text for texts in load_background().values() for text in texts[::every]]


def measure(
    score: Score, questions: CategoryQuestions, *, read: Callable[[str], str], parts: bool
) -> NDArray[np.float64]:
    """Return the mean log-probability of every label over the background.

    Args:
        score: Log-probabilities, shape ``(questions, labels)``, of any number of questions.
        questions: Asked about each document.
        read: Document → what the engine reads of it.
        parts: Whether sub-categories are measured too; a few documents do for them.

    Returns:
        Shape ``(categories, 2 + most sub-categories of one)``: the category in Korean documents, in
        others (a model's preferences differ), then its parts.
    """
    means = np.zeros((len(questions.labels), LANGUAGES + questions.most_parts))
    texts = background()
    korean = np.array([is_korean(text) for text in texts])
    rows = score([questions.about(read(text)) for text in texts], questions.labels)
    means[:, 0], means[:, 1] = rows[korean].mean(axis=0), rows[~korean].mean(axis=0)
    some = [questions.about(read(text)) for text in background(EVERY)]
    for category, labels in enumerate(questions.parts if parts else ()):
        if labels:
            inside = [questions.inside(question, category) for question in some]
            means[category, LANGUAGES : LANGUAGES + len(labels)] = score(inside, labels).mean(
                axis=0
            )
    return means


def kept(cache: Path, key: str, compute: Callable[[], NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return an array from ``cache``, else compute and keep it.

    Args:
        cache: Folder; where it cannot be written, nothing is kept.
        key: Everything that the array depends on.
        compute: Returns it, of any shape.
    """
    path = cache / f"calibration-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npy"
    try:
        found: NDArray[np.float64] = np.load(BytesIO(path.read_bytes()), allow_pickle=False)
    except (OSError, ValueError, EOFError):
        found = compute()
        file = BytesIO()
        np.save(file, found)
        with suppress(OSError):
            write_whole(path, file.getvalue())
    return found
