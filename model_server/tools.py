"""The tools of the model server: they check what comes, ask the engines, and shape the answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Annotated, Any

from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult

from items.taxonomy import Taxonomy
from model_server.answers import structured, told_errors
from model_server.engine import find_engines
from model_server.engine_set import Answer, EngineSet
from model_server.images import Order, draw
from model_server.schema import (
    MAX_CHARACTERS,
    MAX_DOCUMENTS,
    Capability,
    Classification,
    ClassifyResult,
    Document,
    EmbedResult,
    EngineInfo,
    EngineList,
    ImageDescription,
    ProposalResult,
    TaxonomyResult,
    Words,
    WordsResult,
)
from model_server.titles import clean, make_title, shorten

EXTRACTIVE = "extractive"
"""Engine named where a title comes from the document itself."""


class Tools:
    """One method per tool; its docstring is what callers read."""

    def __init__(self, engines: EngineSet, taxonomy: Taxonomy) -> None:
        self._engines = engines
        self._taxonomy = taxonomy

    def all(self) -> list[Callable[..., Any]]:
        """Return the tools."""
        return [
            self.classify_batch,
            self.title,
            self.summarize,
            self.embed,
            self.propose_category,
            self.describe_image,
            self.list_engines,
            self.taxonomy,
        ]

    async def classify_batch(
        self, documents: list[Document]
    ) -> Annotated[CallToolResult, ClassifyResult]:
        """Give each document a category, a sub-category and a title; 1 to 64 documents a call."""
        cut = _checked(documents)
        with told_errors():
            answers = await self._engines.classify(cut)
        pairs = zip(cut, answers, strict=True)
        return structured(ClassifyResult(results=[_classification(d, a) for d, a in pairs]))

    async def title(self, documents: list[Document]) -> Annotated[CallToolResult, WordsResult]:
        """Write a title of at most 80 characters for each document; 1 to 64 documents a call.

        Without an engine that writes, the source's own title or the first sentence is given.
        """
        cut = _checked(documents)
        extracted = [make_title(d.title, d.text) for d in cut]
        if self._engines.who_answers("title") is None:
            return _words(cut, [Answer(value=t, engine=EXTRACTIVE, version="1") for t in extracted])
        answers = await self._ask("title", cut)
        titles = [shorten(clean(a.value)) or e for a, e in zip(answers, extracted, strict=True)]
        return _words(cut, answers, titles)

    async def summarize(self, documents: list[Document]) -> Annotated[CallToolResult, WordsResult]:
        """Sum each document up in one to three sentences of its language; 1 to 64 a call."""
        cut = _checked(documents)
        answers = await self._ask("summarize", cut)
        return _words(cut, answers, [clean(a.value) for a in answers])

    async def embed(self, texts: list[str]) -> Annotated[CallToolResult, EmbedResult]:
        """Return one unit vector per text, in order; 1 to 64 texts a call, none empty."""
        _check_number(texts, "texts")
        if empty := [n for n, text in enumerate(texts) if not text.strip()]:
            raise ToolError(f"text {empty[0]} is empty")
        cut = [text[:MAX_CHARACTERS] for text in texts]
        answers = await self._ask("embed", cut)
        vectors = [[float(x) for x in a.value] for a in answers]
        first = answers[0]
        return structured(
            EmbedResult(
                vectors=vectors, dim=len(vectors[0]), engine=first.engine, version=first.version
            )
        )

    async def propose_category(
        self, documents: list[Document]
    ) -> Annotated[CallToolResult, ProposalResult]:
        """Propose categories or sub-categories for documents that fit none; a person decides.

        Nothing is added to the taxonomy. Send 1 to 64 documents, best those marked needs_review.
        """
        cut = _checked(documents)
        with told_errors():
            runner = self._engines.able("propose_category")
            proposals, version = await runner.run("propose_category", cut)
        return structured(ProposalResult(proposals=proposals, engine=runner.name, version=version))

    async def describe_image(
        self, image: str, size: int = 16, colours: int = 16, order: Order = "rows"
    ) -> Annotated[CallToolResult, ImageDescription]:
        """Describe an image in one sentence; a text model sees it as hexadecimal digits.

        Args:
            image: BMP, GIF, JPEG, PNG, TIFF or WebP in base64, of at most 2 MB; it must not move.
            size: Width and height that it is shrunk to, 4 to 64.
            colours: Colours of its palette, 2 to 16; 0 = none, six digits a pixel.
            order: Whether the digits run by rows, columns or diagonals.
        """
        with told_errors():
            self._engines.able("describe_image")
            picture = await asyncio.to_thread(draw, image, size=size, colours=colours, order=order)
        (answer,) = await self._ask("describe_image", [picture])
        return structured(
            ImageDescription(
                description=clean(answer.value),
                width=picture.width,
                height=picture.height,
                engine=answer.engine,
                version=answer.version,
            )
        )

    async def list_engines(self) -> Annotated[CallToolResult, EngineList]:
        """List the engines of this server with their state, and those it could run."""
        rows = [self._running(name) for name in self._engines.runners]
        running = {row.engine for row in rows}
        idle = [
            EngineInfo(
                name=name,
                engine=name,
                capabilities=sorted(cls.capabilities()),
                active=False,
                answers=[],
                version=None,
                state="not active",
                error=None,
            )
            for name, cls in sorted(find_engines().items())
            if name not in running
        ]
        return structured(EngineList(engines=rows + idle))

    async def taxonomy(self) -> Annotated[CallToolResult, TaxonomyResult]:
        """Return the categories and their sub-categories, Korean and English, in order."""
        return structured(TaxonomyResult.model_validate(asdict(self._taxonomy)))

    def taxonomy_text(self) -> str:
        """The categories and their sub-categories, Korean and English, in order."""
        return json.dumps(asdict(self._taxonomy), ensure_ascii=False)

    async def _ask(self, capability: Capability, inputs: Sequence[Any]) -> list[Answer]:
        with told_errors():
            return await self._engines.run(capability, inputs)

    def _running(self, name: str) -> EngineInfo:
        runner = self._engines.runners[name]
        capabilities = sorted(runner.spec.engine.capabilities())
        state = "ready" if runner.ready else "failed" if runner.error else "loading"
        return EngineInfo(
            name=name,
            engine=runner.spec.engine.name,
            capabilities=capabilities,
            active=True,
            answers=[c for c in capabilities if self._engines.who_answers(c) is runner],
            version=runner.version,
            state=state,
            error=runner.error,
        )


def _check_number(inputs: Sequence[object], name: str) -> None:
    if not inputs:
        raise ToolError(f"{name} is empty: send 1 to {MAX_DOCUMENTS} of them")
    if len(inputs) > MAX_DOCUMENTS:
        raise ToolError(f"{len(inputs)} {name} at once: send at most {MAX_DOCUMENTS} in one call")


def _checked(documents: Sequence[Document]) -> list[Document]:
    """Return the documents with long texts cut.

    Raises:
        ToolError: Too many, none, or one that is empty.
    """
    _check_number(documents, "documents")
    for number, document in enumerate(documents):
        if not document.text.strip() and not document.title.strip():
            raise ToolError(f"document {number} (id {document.id!r}) has neither text nor title")
    return [
        d.model_copy(update={"text": d.text[:MAX_CHARACTERS], "title": d.title[:MAX_CHARACTERS]})
        for d in documents
    ]


def _classification(document: Document, answer: Answer) -> Classification:
    verdict = answer.value
    return Classification(
        id=document.id,
        category=verdict.category,
        subcategory=verdict.subcategory,
        scores=verdict.scores,
        confidence=verdict.confidence,
        needs_review=verdict.needs_review,
        title=make_title(document.title, document.text),
        engine=answer.engine,
        version=answer.version,
    )


def _words(
    documents: Sequence[Document], answers: Sequence[Answer], texts: Sequence[str] | None = None
) -> CallToolResult:
    rows = zip(documents, answers, texts or [a.value for a in answers], strict=True)
    return structured(
        WordsResult(
            results=[Words(id=d.id, text=t, engine=a.engine, version=a.version) for d, a, t in rows]
        )
    )
