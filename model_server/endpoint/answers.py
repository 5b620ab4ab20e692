"""What endpoints answer to a completion, in the shapes that servers give it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ValidationError

from gleanery.errors import ModelUnavailableError

Top = list[tuple[str, float]]
"""Likeliest next tokens as text, with their log-probabilities."""

_THOUGHT = re.compile(r"^.*?</think>|^.*<\|channel\|>final<\|message\|>", re.DOTALL)
"""What servers that know nothing of reasoning leave before the answer."""
_MARK = re.compile(r"<\|[a-z_]+\|>.*", re.DOTALL)


class UnreadableError(ModelUnavailableError):
    """An answer has none of the shapes that we know."""

    def __init__(self, where: str, found: Any) -> None:
        shown = json.dumps(found, ensure_ascii=True)[:100]
        super().__init__(f"{where} answers in a shape that we cannot read: {shown}")


class _TopToken(BaseModel):
    token: str
    logprob: float


class _Token(BaseModel):
    top_logprobs: list[_TopToken] = []


class _Logprobs(BaseModel):
    content: list[_Token] | None = None
    """Chat completions; llama.cpp gives completions this shape too."""
    top_logprobs: list[dict[str, float | None] | None] | None = None
    """Completions of vLLM, llama-cpp-python, OpenAI."""


class _Message(BaseModel):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class _Choice(BaseModel):
    text: str | None = None
    message: _Message | None = None
    logprobs: _Logprobs | None = None


class Answer(BaseModel):
    """The answer to one completion; what we do not read may have any shape."""

    choices: list[_Choice]

    @property
    def text(self) -> str:
        """What the model says; of a model that reasons, what it says in the end."""
        choice = self.choices[0]
        said = choice.text if choice.message is None else choice.message.content
        end = _MARK.sub("", _THOUGHT.sub("", said or ""))
        return "" if end.lstrip().startswith("<think") else end  # cut while it still thought

    @property
    def reasons(self) -> bool:
        """Whether the model thinks aloud before it answers."""
        choice = self.choices[0]
        if choice.message and (choice.message.reasoning_content or choice.message.reasoning):
            return True
        said = (choice.text if choice.message is None else choice.message.content) or ""
        return said.lstrip().startswith(("<think", "<|channel|>"))

    @property
    def top(self) -> Top:
        """Likeliest first tokens; empty if the endpoint gives none."""
        found = self.choices[0].logprobs
        if found is None:
            return []
        if found.content:
            return _finite((t.token, t.logprob) for t in found.content[0].top_logprobs)
        first = found.top_logprobs[0] if found.top_logprobs else None
        return _finite((first or {}).items())


def read_answer(found: Any, where: str) -> Answer:
    """Return the answer in ``found``.

    Raises:
        UnreadableError: It is none.
    """
    try:
        answer = Answer.model_validate(found)
    except ValidationError as error:
        raise UnreadableError(where, found) from error
    if not answer.choices:
        raise UnreadableError(where, found)
    return answer


class _Native(BaseModel):
    """``/completion`` of llama.cpp: today's shape, and that of forks from before 2025."""

    class _Place(BaseModel):
        class _Now(BaseModel):
            id: int
            prob: float

        class _Before(BaseModel):
            tok_str: str
            prob: float

        top_probs: list[_Now] | None = None
        probs: list[_Before] | None = None

    completion_probabilities: list[_Place] = []


def read_probabilities(found: Any, where: str) -> dict[int | str, float]:
    """Return the probabilities in an answer of llama.cpp's own, by token id or, before 2025, text.

    Raises:
        UnreadableError: There are none.
    """
    try:
        place = _Native.model_validate(found).completion_probabilities[0]
    except (ValidationError, IndexError) as error:
        raise UnreadableError(where, found) from error
    if place.top_probs is not None:
        return {entry.id: entry.prob for entry in place.top_probs}
    return {entry.tok_str: entry.prob for entry in place.probs or ()}


def _finite(pairs: Iterable[tuple[str, float | None]]) -> Top:
    return [(token, value) for token, value in pairs if value is not None and math.isfinite(value)]
