"""What an endpoint offers, found by trying: servers accept fields that they do not know."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from gleanery.errors import EngineError
from model_server.endpoint.answers import Answer, UnreadableError
from model_server.endpoint.asker import Asker
from model_server.endpoint.connection import Body, Endpoint, RefusedError
from model_server.endpoint.constraints import (
    CHOICES,
    JSON,
    Choice,
    Json,
    choice_by_json,
    no_constraint,
)
from model_server.endpoint.llama_cpp import LlamaCppRoute, find_template
from model_server.endpoint.prompt_form import Chat, Form, Plain
from model_server.endpoint.routes import PickRoute, Route, TopRoute, match
from model_server.language.question import Question

T = TypeVar("T")
Mode = Literal["auto", "logprobs", "guided", "json"]
PLAIN, CHAT = Plain(), Chat()
TOPS: Mapping[str, tuple[int, ...]] = {PLAIN.name: (100, 20, 5), CHAT.name: (20, 5)}
"""Numbers of log-probabilities to ask for; OpenAI and vLLM refuse more than 20, or 5."""
UNLIKELY = ("qx7", "zk4")
"""Words that no model says unless it must."""
HELLO = Question(instructions="", document="Say one word.\n", answer="")
ONE: Body = {"max_tokens": 1}
ANSWER = 24
"""Tokens of a label, or of a JSON object around it."""
SHOWN = 10
"""Models named in an error at most."""


@dataclass(slots=True, kw_only=True, frozen=True)
class Model:
    """A model of the endpoint."""

    name: str
    context: int | None
    """Tokens of a prompt and its answer, where the endpoint tells."""


def find_model(endpoint: Endpoint, wanted: str) -> Model:
    """Return the model called ``wanted``, or the first one if that is empty.

    Raises:
        EngineError: There is none.
        ModelUnavailableError: The endpoint is away.
    """
    try:
        found = endpoint.get("/models")
    except RefusedError as error:
        if wanted:
            return Model(name=wanted, context=None)
        raise EngineError(f"{endpoint.url} lists no models: set the option model") from error
    rows = found.get("data") if isinstance(found, dict) else None
    models = [m for row in rows if (m := _model(row))] if isinstance(rows, list) else []
    for model in models:
        if wanted in ("", model.name) or model.name == f"{wanted}:latest":
            return model
    names = ", ".join(model.name for model in models[:SHOWN]) or "none"
    raise EngineError(f"{endpoint.url} has no model {wanted or 'at all'!r}; it has: {names}")


def find_forms(asker: Asker, chat: bool | None) -> list[Form]:
    """Return the forms of a prompt that the endpoint takes.

    Args:
        asker: Endpoint and model.
        chat: Whether only chat or only plain text is meant; ``None`` = both.

    Raises:
        EngineError: It takes none.
    """
    both: tuple[Form, ...] = (PLAIN, CHAT)
    meant = [form for form in both if chat in (None, form is CHAT)]
    forms, why = [], "no answer"
    for form in meant:
        try:
            asker.ask(form, HELLO, ONE, patient=False)
            forms.append(form)
        except (RefusedError, UnreadableError) as error:
            why = str(error)
    if not forms:
        paths = " nor ".join(form.path for form in meant)
        raise EngineError(f"model {asker.model} answers neither to {paths}: {why}")
    return forms


def reasons(asker: Asker) -> bool:
    """Whether the model thinks aloud before it answers in a chat."""
    return asker.ask(CHAT, HELLO, {"max_tokens": 16}).reasons


def find_routes(
    asker: Asker, forms: Sequence[Form], *, mode: Mode, chat: bool | None, thoughts: int
) -> Iterator[Route]:
    """Yield the routes that the endpoint offers, best first; what comes later is tried later.

    Args:
        asker: Endpoint and model.
        forms: Of a prompt.
        mode: ``auto`` = all of them.
        chat: As for :func:`find_forms`.
        thoughts: Tokens for what a model thinks aloud; 0 = it does not.
    """
    if mode in ("auto", "logprobs"):
        found = list(_by_llama_cpp(asker, chat))
        # The first token of a chat with a model that reasons is none of its answer's.
        yield from found or _by_top(asker, [f for f in forms if not (thoughts and f is CHAT)])
    tokens = ANSWER + thoughts
    for form in reversed(forms):  # chat first: models that follow instructions learnt it there
        for name, hold in _holding(asker, form, mode, tokens):
            yield PickRoute(asker, form, name=name, hold=hold, tokens=tokens)


def find_json(asker: Asker, form: Form, *, thoughts: int) -> Json:
    """Return what makes the endpoint keep to a JSON schema, or what does nothing."""
    for hold in JSON.values():
        if _keeps(asker, form, choice_by_json(hold), ANSWER + thoughts):
            return hold
    return no_constraint


def _by_llama_cpp(asker: Asker, chat: bool | None) -> Iterator[Route]:
    """Yield routes by the API of llama.cpp's own server, which needs no ``/completions``."""
    plain = LlamaCppRoute(asker)
    if not _tried(plain.offered):
        return
    if chat is not True:
        yield plain
    if chat is not False and (template := _tried(lambda: find_template(asker))):
        yield plain.in_chat(template)


def _by_top(asker: Asker, forms: Sequence[Form]) -> Iterator[Route]:
    """Yield routes by the log-probabilities of the likeliest tokens."""
    for form in forms:
        for number in TOPS[form.name]:
            answer = _said(asker, form, ONE | form.top(number))
            if answer and len(answer.top) > 1:
                yield TopRoute(asker, form, number)
                break


def _holding(asker: Asker, form: Form, mode: Mode, tokens: int) -> Iterator[tuple[str, Choice]]:
    """Yield what holds a model to words, by name."""
    if mode in ("auto", "guided"):
        for name, hold in CHOICES.items():
            if _keeps(asker, form, hold, tokens):
                yield name, hold
                break
    if mode in ("auto", "json", "guided"):
        for name, to_schema in JSON.items():
            if _keeps(asker, form, choice_by_json(to_schema), tokens):
                yield f"json-{name}", choice_by_json(to_schema)
                break
    if mode == "auto":
        yield "words", no_constraint


def _keeps(asker: Asker, form: Form, hold: Choice, tokens: int) -> bool:
    """Whether the endpoint makes a model say what it never would by itself."""
    answer = _said(asker, form, {"max_tokens": tokens} | hold(UNLIKELY))
    return answer is not None and match(answer.text, UNLIKELY) is not None


def _said(asker: Asker, form: Form, fields: Body) -> Answer | None:
    return _tried(lambda: asker.ask(form, HELLO, fields, patient=False))


def _tried(ask: Callable[[], T]) -> T | None:
    """Return what ``ask`` does; ``None`` if the endpoint refuses it, or answers something else."""
    try:
        return ask()
    except (RefusedError, UnreadableError):
        return None


def _model(row: Any) -> Model | None:
    if not isinstance(row, dict) or not isinstance(row.get("id"), str):
        return None
    meta = row.get("meta")
    told = [row.get("max_model_len"), meta.get("n_ctx") if isinstance(meta, dict) else None]
    return Model(name=row["id"], context=next((n for n in told if isinstance(n, int)), None))
