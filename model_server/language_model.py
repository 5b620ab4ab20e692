"""What every engine over a language model shares: prompts in, scores of labels or words out.

A label is never generated: the model scores every label as the continuation of the prompt, so a
document that gives orders moves a label no more than its own words would.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_server.engine import Engine


@dataclass(slots=True, kw_only=True, frozen=True)
class Question:
    """What a language model is asked: a part that repeats, a part that differs, a beginning."""

    instructions: str
    """The same for many questions, e.g. the taxonomy: what a prefix cache keeps."""
    document: str
    """What this question is about."""
    answer: str = ""
    """How the answer begins, e.g. ``Category:``; the model goes on from there."""


class LanguageModel(Engine):
    """Classifies and writes by means of :meth:`score` and :meth:`generate`."""

    @abstractmethod
    def score(self, questions: Sequence[Question], labels: Sequence[str]) -> NDArray[np.float64]:
        """Return log-probabilities of each label as the next words of each answer.

        Args:
            questions: At least one; those with the same instructions share a cached prefix.
            labels: Short words; no two begin with the same token.

        Returns:
            Shape ``(len(questions), len(labels))``; a row need not sum to 1 after ``exp``.
        """

    @abstractmethod
    def generate(
        self, question: Question, *, max_tokens: int, schema: dict[str, Any] | None = None
    ) -> str:
        """Return the most likely answer, greedily.

        Args:
            question: As for :meth:`score`.
            max_tokens: Length at most.
            schema: JSON schema that the answer keeps to; ``None`` = plain words up to a newline.
        """
