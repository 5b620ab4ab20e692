"""Asks a question of an endpoint, and asks again with less of a document that was too long."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from gleanery.errors import EngineError
from model_server.endpoint.answers import Answer, read_answer
from model_server.endpoint.connection import Body, Endpoint, RefusedError
from model_server.endpoint.prompt_form import Form
from model_server.language.question import Question

T = TypeVar("T")
_TOO_LONG = re.compile(r"context|too long|too many tokens|maximum.{0,40}length", re.IGNORECASE)
_NUMBER = re.compile(r"\d{3,}")
SHORTEST = 80
"""Characters of a document below which cutting it further is no help."""
CLOSING = 2
"""Characters at a document's end that close it: a quotation mark and a newline."""


@dataclass(slots=True, kw_only=True, frozen=True)
class Asker:
    """An endpoint and a model on it."""

    endpoint: Endpoint
    model: str
    extra: Body
    """Sent with every question, e.g. ``reasoning_effort``."""

    def ask(self, form: Form, question: Question, fields: Body, *, patient: bool = True) -> Answer:
        """Return the answer, the most likely one.

        Args:
            form: Text or chat.
            question: Its document is cut once if the endpoint finds it too long.
            fields: What else goes into the request.
            patient: Whether a busy endpoint is asked again.

        Raises:
            ModelServerError: There is no answer.
        """

        def send(asked: Question) -> Answer:
            body = {"model": self.model, "temperature": 0, "seed": 0, **self.extra}
            body |= form.body(asked) | fields
            return read_answer(
                self.endpoint.post(form.path, body, patient=patient), self.endpoint.url
            )

        return cut_if_too_long(question, send)

    def native(self, path: str, body: Body, *, patient: bool = True) -> Any:
        """Return what a path beside ``/v1`` answers; routers read the model's name there too."""
        return self.endpoint.post(f"/{path}", {"model": self.model, **body}, patient=patient)


def cut_if_too_long(question: Question, send: Callable[[Question], T]) -> T:
    """Return what ``send`` makes of the question, or of a shorter one.

    Raises:
        EngineError: The endpoint's context does not hold the instructions.
    """
    try:
        return send(question)
    except RefusedError as refused:
        if not _TOO_LONG.search(refused.message):
            raise
        shorter = _cut(question, refused.message)
    try:
        return send(shorter)
    except RefusedError as refused:
        if not _TOO_LONG.search(refused.message):
            raise
        raise _no_room(refused.message) from refused


def _cut(question: Question, message: str) -> Question:
    """Return a question that fits, by the numbers of tokens that the message names."""
    document = question.document
    numbers = [int(n) for n in _NUMBER.findall(message)]
    keep = len(document) // 2
    if len(numbers) > 1 and (asked := max(numbers)) > (room := min(numbers)):
        whole = len(question.instructions) + len(document) + len(question.answer)
        keep = len(document) - int((asked - 0.95 * room) * whole / asked)
    if keep < SHORTEST:
        raise _no_room(message)
    return replace(question, document=document[: keep - CLOSING] + document[-CLOSING:])


def _no_room(message: str) -> EngineError:
    return EngineError(
        f"the endpoint's context is too short for the prompt ({message}): give it 4,096 tokens "
        "or more, for each request in flight"
    )
