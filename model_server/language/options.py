"""What an operator may tell every engine over a language model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, field_validator

from model_server.engine import EngineOptions
from model_server.language.prompt import Prompt, load_prompt

PromptName = Literal["classify", "title", "summarize", "propose_category", "describe_image"]
"""A folder-wide name in ``model_server/language/prompts``; also the tool that uses it."""
DEFAULT_PROMPTS: Mapping[PromptName, str] = {
    "classify": "1",
    "title": "1",
    "summarize": "1",
    "propose_category": "1",
    "describe_image": "1",
}
"""The version that each tool uses unless another is told."""


class LanguageModelOptions(EngineOptions):
    """Options of all engines that derive from :class:`LanguageModel`."""

    model: str
    """The model: a file, a folder or a name, as the engine reads it."""
    context: int = Field(4_096, ge=256)
    """Tokens of a prompt and its answer together, at most; memory grows with it."""
    prompts: dict[PromptName, str] = Field(default_factory=dict)
    """Tool and version of its prompt, e.g. ``{classify: "1"}``; others use the default version."""
    meta_prompt: bool = False
    """Add “추론은 순차적으로 진행해” to every prompt; ``gleanery evaluate`` shows what it does."""
    lead_characters: int = Field(300, ge=20, le=4_000)
    """Characters of title and text that classify reads; the cost is linear in them."""
    writing_characters: int = Field(1_200, ge=20, le=4_000)
    """Characters of title and text that title and summarize read."""
    document_tokens: int = Field(512, ge=16)
    """Tokens of a document that are read at most, whatever its characters."""
    calibrate: bool = True
    """Take away how much the model likes each label by itself; off only to compare."""
    subcategories: bool = True
    """Score sub-categories too: a second, short question about each document."""
    review_below: float = Field(0.35, ge=0, le=1)
    """Confidence below which a person should look."""
    documents_at_once: int = Field(1, ge=1, le=64)
    """Documents that the engine is asked about together."""
    max_perplexity: float = Field(60.0, gt=1)
    """Self-test: perplexity of plain English at most, where the engine can tell it."""

    @field_validator("prompts")
    @classmethod
    def _there_are_such_prompts(cls, prompts: dict[PromptName, str]) -> dict[PromptName, str]:
        for name, version in prompts.items():
            load_prompt(name, version)
        return prompts

    def prompt(self, name: PromptName) -> Prompt:
        """Return the prompt of a tool."""
        return load_prompt(name, self.prompts.get(name, DEFAULT_PROMPTS[name]))
