"""How a question becomes a request: as plain text, or as a message to a chat model."""

from __future__ import annotations

from typing import Protocol

from model_server.endpoint.connection import Body
from model_server.language.question import Question


class Form(Protocol):
    """One of the two."""

    name: str
    path: str

    def body(self, question: Question) -> Body:
        """Return what asks the question."""

    def top(self, number: int) -> Body:
        """Return what asks for that many log-probabilities."""


class Plain:
    """``/completions``: the model goes on with the text."""

    name = "completions"
    path = "/completions"

    def body(self, question: Question) -> Body:
        return {"prompt": question.instructions + question.document + question.answer}

    def top(self, number: int) -> Body:
        return {"logprobs": number}


class Chat:
    """``/chat/completions``: one message, since some templates know no system's role."""

    name = "chat"
    path = "/chat/completions"

    def body(self, question: Question) -> Body:
        asked = question.instructions + question.document + question.answer
        return {"messages": [{"role": "user", "content": asked}]}

    def top(self, number: int) -> Body:
        return {"logprobs": True, "top_logprobs": number}
