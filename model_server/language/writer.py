"""Titles, summaries, proposals and descriptions, by a model that goes on from a prompt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, Protocol

from gleanery.errors import EngineError
from items.taxonomy import Taxonomy
from model_server.images import Picture
from model_server.language.options import LanguageModelOptions
from model_server.language.question import Question, quote
from model_server.language.written import (
    MAX_SUMMARY,
    one_text_schema,
    proposals_schema,
    read_proposals,
    read_text,
)
from model_server.lead import lead
from model_server.schema import Document, Proposal
from model_server.titles import MAX_TITLE, clean, first_sentence

TITLE_TOKENS = 100
"""Tokens of an answer at most; Hangul takes about one a character."""
SUMMARY_TOKENS = 240
PROPOSALS_TOKENS = 700
DESCRIPTION_TOKENS = 60
SPARE = 32
"""Tokens left free for how the answer begins and for what a chat format adds."""
PROPOSAL_CHARACTERS = 160
"""Characters of each document that proposals are made from."""


class Generate(Protocol):
    """:meth:`LanguageModel.generate`."""

    def __call__(
        self, question: Question, *, max_tokens: int, schema: dict[str, Any] | None = None
    ) -> str: ...


class Writer:
    """Asks a model to write, and reads what it wrote."""

    def __init__(
        self,
        options: LanguageModelOptions,
        *,
        generate: Generate,
        count_tokens: Callable[[str], int],
        context: int,
    ) -> None:
        self._options = options
        self._generate = generate
        self._count = count_tokens
        self._context = context

    def title(self, document: Document) -> str:
        """Return a title; empty if the model wrote none."""
        return self._text("title", document, "title", MAX_TITLE, TITLE_TOKENS)

    def summary(self, document: Document) -> str:
        """Return one to three sentences; where the model wrote none, the document's first."""
        written = self._text("summarize", document, "summary", MAX_SUMMARY, SUMMARY_TOKENS)
        return written or first_sentence(lead(document, MAX_SUMMARY))

    def proposals(self, documents: Sequence[Document], taxonomy: Taxonomy) -> list[Proposal]:
        """Return what to add to ``taxonomy``.

        Raises:
            EngineError: The context is too small for the taxonomy.
        """
        prompt = self._options.prompt("propose_category")
        instructions = prompt.instructions(
            meta_prompt=self._options.meta_prompt, categories=taxonomy.categories
        )
        room = self._room(instructions, PROPOSALS_TOKENS)
        each = max(24, room // len(documents))
        shown = documents[: max(0, room // each)]
        if not shown:
            raise EngineError(
                f"a context of {self._context} tokens is too small to propose a category: "
                "raise the option context"
            )
        leads = [cut(lead(d, PROPOSAL_CHARACTERS), each - 8, self._count) for d in shown]
        texts = [{"number": n, "text": quote(text)} for n, text in enumerate(leads, 1)]
        written = self._generate(
            prompt.question(instructions, texts=texts),
            max_tokens=PROPOSALS_TOKENS,
            schema=proposals_schema(taxonomy, len(shown)),
        )
        # A model that understands nothing repeats the example that the prompt gives.
        read = read_proposals(written, taxonomy, shown)
        return [p for p in read if f'"{p.key}"' not in instructions]

    def description(self, picture: Picture) -> str:
        """Return a sentence that says what a picture shows.

        Raises:
            EngineError: It does not fit into the context.
        """
        prompt = self._options.prompt("describe_image")
        instructions = prompt.instructions(meta_prompt=self._options.meta_prompt)
        question = prompt.question(instructions, **asdict(picture))
        if (need := self._count(question.document)) > self._room(instructions, DESCRIPTION_TOKENS):
            raise EngineError(
                f"the picture takes {need} tokens, too many for a context of {self._context}: "
                "send a smaller one, or one with fewer colours"
            )
        return first_sentence(clean(self._generate(question, max_tokens=DESCRIPTION_TOKENS)))

    def _text(self, tool: Any, document: Document, field: str, limit: int, tokens: int) -> str:
        prompt = self._options.prompt(tool)
        instructions = prompt.instructions(meta_prompt=self._options.meta_prompt)
        room = min(self._room(instructions, tokens), self._options.document_tokens)
        text = cut(lead(document, self._options.writing_characters), room, self._count)
        question = prompt.question(instructions, text=quote(text))
        schema = one_text_schema(field, limit)
        return read_text(self._generate(question, max_tokens=tokens, schema=schema), field, limit)

    def _room(self, instructions: str, answer: int) -> int:
        """Return how many tokens are left for what a question is about."""
        return max(0, self._context - self._count(instructions) - answer - SPARE)


def cut(text: str, tokens: int, count_tokens: Callable[[str], int]) -> str:
    """Return as much of the beginning of ``text`` as fits in ``tokens``."""
    while text and (count := count_tokens(text)) > tokens:
        text = text[: min(len(text) - 1, len(text) * tokens // count)]
    return text
