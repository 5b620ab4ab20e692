"""The MCP server: one engine behind a few tools and the taxonomy as a resource."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

from mcp.server.auth.provider import TokenVerifier
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult
from pydantic import BaseModel

from gleanery.errors import EngineError
from items.taxonomy import Taxonomy
from model_server.engine import Verdict, find_engines
from model_server.runner import EngineRunner
from model_server.schema import (
    MAX_CHARACTERS,
    MAX_DOCUMENTS,
    TAXONOMY_URI,
    Classification,
    ClassifyResult,
    Document,
    EngineInfo,
    EngineList,
)
from model_server.titles import make_title

INSTRUCTIONS = f"""Classifies Korean and English documents into a taxonomy and gives them titles.
Call classify_batch with 1 to {MAX_DOCUMENTS} documents; read {TAXONOMY_URI} for the categories."""


def build_server(
    runner: EngineRunner,
    taxonomy: Taxonomy,
    *,
    verifier: TokenVerifier | None = None,
    auth: AuthSettings | None = None,
) -> MCPServer:
    """Return a server whose tools ask the engine of ``runner``.

    Args:
        runner: Loaded or not; a call waits until it is.
        taxonomy: What that engine chooses from.
        verifier: Who may call, together with ``auth``; over HTTP only.
        auth: See ``verifier``.
    """
    with _logging_left_alone():
        server = MCPServer(
            "gleanery-models", instructions=INSTRUCTIONS, token_verifier=verifier, auth=auth
        )

    @server.tool()
    async def classify_batch(
        documents: list[Document],
    ) -> Annotated[CallToolResult, ClassifyResult]:
        """Give each document a category, a sub-category and a title; 1 to 64 documents a call."""
        cut = _checked(documents)
        try:
            verdicts, version = await runner.classify(cut)
        except EngineError as error:
            raise ToolError(f"engine {runner.engine.name}: {error}") from error
        pairs = zip(cut, verdicts, strict=True)
        name = runner.engine.name
        return _structured(
            ClassifyResult(results=[_classification(d, v, name, version) for d, v in pairs])
        )

    @server.tool()
    async def list_engines() -> Annotated[CallToolResult, EngineList]:
        """List the engines of this server, and say which one answers."""
        known = find_engines() | {runner.engine.name: runner.engine}
        rows = []
        for name, engine in sorted(known.items()):
            active = engine is runner.engine
            version = runner.version if active else None
            capabilities = sorted(engine.capabilities)
            rows.append(
                EngineInfo(name=name, capabilities=capabilities, active=active, version=version)
            )
        return _structured(EngineList(engines=rows))

    @server.resource(TAXONOMY_URI, name="taxonomy", mime_type="application/json")
    def taxonomy_resource() -> str:
        """The categories and their sub-categories, Korean and English, in order."""
        return json.dumps(asdict(taxonomy), ensure_ascii=False)

    return server


def _checked(documents: list[Document]) -> list[Document]:
    """Return the documents with long texts cut.

    Raises:
        ToolError: Too many, none, or one that is empty.
    """
    if not documents:
        raise ToolError(f"documents is empty: send 1 to {MAX_DOCUMENTS} of them")
    if len(documents) > MAX_DOCUMENTS:
        raise ToolError(
            f"{len(documents)} documents at once: send at most {MAX_DOCUMENTS} in one call"
        )
    for number, document in enumerate(documents):
        if not document.text.strip() and not document.title.strip():
            raise ToolError(f"document {number} (id {document.id!r}) has neither text nor title")
    return [
        d.model_copy(update={"text": d.text[:MAX_CHARACTERS], "title": d.title[:MAX_CHARACTERS]})
        for d in documents
    ]


def _classification(
    document: Document, verdict: Verdict, engine: str, version: str
) -> Classification:
    return Classification(
        id=document.id,
        category=verdict.category,
        subcategory=verdict.subcategory,
        scores=verdict.scores,
        confidence=verdict.scores[verdict.category],
        needs_review=verdict.needs_review,
        title=make_title(document.title, document.text),
        engine=engine,
        version=version,
    )


def _structured(result: BaseModel) -> CallToolResult:
    """Return ``result`` as structured content only: by default it travels as text too."""
    return CallToolResult(content=[], structured_content=result.model_dump(mode="json"))


@contextmanager
def _logging_left_alone() -> Iterator[None]:
    """Keep ``MCPServer`` from hanging a handler of its own on the root logger."""
    root, guard = logging.getLogger(), logging.NullHandler()
    root.addHandler(guard)
    try:
        yield
    finally:
        root.removeHandler(guard)
