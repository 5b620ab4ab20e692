"""How a test makes each engine that the registry finds.

A new engine gets a line in :data:`CASES`; one without options that a test can give works by its
name alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from model_server.engine import Engine, find_engines
from model_server.language.language_model import LanguageModel
from model_server.spec import EngineSpec, parse_spec

Options = Callable[[pytest.FixtureRequest], dict[str, Any]]


@dataclass(slots=True, kw_only=True, frozen=True)
class EngineCase:
    """What tests must know of an engine."""

    options: Options = lambda _: {}
    """Options that an operator would give; fixtures are asked for through the request."""
    marks: tuple[pytest.MarkDecorator, ...] = ()
    plain: bool = True
    """Whether it promises the right category for plain documents."""
    knows: bool = True
    """Whether its model has learnt anything: one of random weights fails every self-test."""


CASES: dict[str, EngineCase] = {
    "openai": EngineCase(
        options=lambda request: {"url": request.getfixturevalue("openai_endpoint")}
    ),
    "llama_cpp": EngineCase(
        options=lambda request: {
            "model": str(request.getfixturevalue("gguf")),
            "calibrate": False,  # its 170 questions of each kind are asked in test_llama_cpp
        },
        marks=(pytest.mark.models,),
        plain=False,
    ),
    "transformers": EngineCase(
        options=lambda request: {
            "model": str(request.getfixturevalue("tiny_causal_lm")),
            "context": 8_192,  # its few words make long prompts
            "calibrate": False,
        },
        marks=(pytest.mark.models,),
        plain=False,
        knows=False,
    ),
}


def engine_params(kind: type[Engine] = Engine, capability: str = "classify") -> list[Any]:
    """Return a parameter for every engine of ``kind`` that there is and has ``capability``."""
    names = sorted(
        name
        for name, cls in find_engines().items()
        if issubclass(cls, kind) and capability in cls.capabilities()
    )
    return [pytest.param(name, marks=case_of(name).marks) for name in names]


def language_model_params() -> list[Any]:
    """Return a parameter for every engine over a language model."""
    return engine_params(LanguageModel)  # type: ignore[type-abstract]


def case_of(name: str) -> EngineCase:
    """Return what tests must know of an engine."""
    return CASES.get(name, EngineCase())


def engine_spec(name: str, request: pytest.FixtureRequest, **options: Any) -> EngineSpec:
    """Return an engine with the options of its case, and those given laid over them."""
    told = case_of(name).options(request) | options
    if not told:
        return parse_spec(name)
    cls = find_engines()[name]
    return EngineSpec(name=name, engine=cls, options=cls.Options.model_validate(told))
