"""Prompts are files with a version: an answer says which one it comes from.

``prompts/classify-1.yaml`` is version 1 of the prompt ``classify``. Its texts are Jinja templates;
what a document says comes in as a variable, never as a template. To change a prompt, add a file
with the next number: answers of both stay comparable, and ``evaluate`` can tell which is better.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gleanery.errors import ConfigError
from gleanery.yaml_text import read_yaml
from model_server.language.question import Question

PROMPTS = Path(__file__).with_name("prompts")
META_PROMPT = "추론은 순차적으로 진행해"
"""“Reason step by step”: what the option ``meta_prompt`` adds to the instructions."""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    instructions: str
    """Template of what is the same for all documents; knows ``meta_prompt``."""
    document: str
    """Template of what differs."""
    answer: str
    """How the answer begins."""
    inside: str = ""
    """``classify`` only: template of how the answer goes on to ask for the sub-category."""
    labels: dict[str, str] = Field(default_factory=dict)
    """``classify`` only: category key → a word for it that is one token in most vocabularies."""
    examples: dict[str, str] = Field(default_factory=dict)
    """``classify`` only: category key → a document of it, ours and free to use."""


@dataclass(slots=True, kw_only=True, frozen=True)
class Prompt:
    """One version of one prompt."""

    name: str
    version: str
    file: _File

    def __str__(self) -> str:
        return f"{self.name}-{self.version}"

    def instructions(self, *, meta_prompt: bool, **variables: Any) -> str:
        """Return what is the same for all documents."""
        told = META_PROMPT if meta_prompt else ""
        return _render(self.file.instructions, meta_prompt=told, **variables)

    def question(self, instructions: str, /, **variables: Any) -> Question:
        """Return a question with these instructions about what the variables hold."""
        document = _render(self.file.document, **variables)
        return Question(instructions=instructions, document=document, answer=self.file.answer)

    def inside(self, **variables: Any) -> str:
        """Return how the answer goes on to ask for the sub-category."""
        return _render(self.file.inside, **variables)


@cache
def load_prompt(name: str, version: str) -> Prompt:
    """Read a prompt.

    Raises:
        ConfigError: There is no such version (the message names those there are), or its file is
            malformed.
    """
    there = versions(name)
    if version not in there:
        known = ", ".join(there) if there else "none"
        raise ConfigError(
            f"There is no version {version!r} of the prompt {name}; there are: {known}"
        )
    path = PROMPTS / f"{name}-{version}.yaml"
    try:
        file = _File.model_validate(read_yaml(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise ConfigError(f"{path} is not a prompt: {error}") from error
    return Prompt(name=name, version=version, file=file)


def versions(name: str) -> list[str]:
    """Return the versions of a prompt, oldest first."""
    found = (path.stem.removeprefix(f"{name}-") for path in PROMPTS.glob(f"{name}-*.yaml"))
    return sorted(found, key=lambda v: (len(v), v))


@cache
def _template(text: str) -> Any:
    environment = SandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    return environment.from_string(text)


def _render(template: str, /, **variables: Any) -> str:
    return str(_template(template).render(variables))
