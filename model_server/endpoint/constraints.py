"""What holds a model to some words or to a JSON schema: each server has fields of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from model_server.endpoint.connection import Body

Schema = dict[str, Any]
Choice = Callable[[Sequence[str]], Body]
"""Words → fields of a request."""
Json = Callable[[Schema], Body]
"""JSON schema → fields of a request."""


def no_constraint(_: object) -> Body:
    """Return no fields: where a server has none of those below."""
    return {}


def _response_format(schema: Schema) -> Body:
    inside = {"name": "answer", "strict": True, "schema": schema}
    return {"response_format": {"type": "json_schema", "json_schema": inside}}


def _grammar(words: Sequence[str]) -> Body:
    # A model that goes on with a text begins its next word with a space.
    choices = " | ".join(json.dumps(word, ensure_ascii=False) for word in words)
    return {"grammar": f'root ::= " "? ({choices})'}


CHOICES: Mapping[str, Choice] = {
    "structured_outputs": lambda words: {"structured_outputs": {"choice": list(words)}},
    "guided_choice": lambda words: {"guided_choice": list(words)},
    "grammar": _grammar,
}
"""vLLM since 0.12; vLLM before; llama.cpp."""
JSON: Mapping[str, Json] = {
    "response_format": _response_format,
    "json_object": lambda schema: {"response_format": {"type": "json_object", "schema": schema}},
    "json_schema": lambda schema: {"json_schema": schema},
    "structured_outputs": lambda schema: {"structured_outputs": {"json": schema}},
    "guided_json": lambda schema: {"guided_json": schema},
}
"""OpenAI and most others; llama-cpp-python; llama.cpp for plain text; vLLM since 0.12; before."""


def choice_by_json(hold: Json) -> Choice:
    """Return what holds a model to an object with one of some words."""

    def fields(words: Sequence[str]) -> Body:
        return hold(one_of(words))

    return fields


def one_of(words: Sequence[str]) -> Schema:
    """Return the schema of ``{"category": "one of the words"}``."""
    return {
        "type": "object",
        "properties": {"category": {"type": "string", "enum": list(words)}},
        "required": ["category"],
        "additionalProperties": False,
    }
