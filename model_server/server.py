"""The MCP server: engines behind a few tools, and the taxonomy."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from mcp.server.auth.provider import TokenVerifier
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import MCPServer

from items.taxonomy import Taxonomy
from media.store import MediaStore
from model_server.audio.tools import SoundTools
from model_server.busy import telling_busy
from model_server.engine_set import EngineSet
from model_server.media_files import MediaFiles
from model_server.schema import MAX_DOCUMENTS, TAXONOMY_URI
from model_server.tools import Tools
from model_server.video.tools import VideoTools

INSTRUCTIONS = f"""Classifies Korean and English documents into a taxonomy and writes about them.
Call classify_batch with 1 to {MAX_DOCUMENTS} documents; taxonomy lists the categories,
list_engines says which tools have an engine."""


def build_server(
    engines: EngineSet,
    taxonomy: Taxonomy,
    *,
    media: MediaStore | None = None,
    verifier: TokenVerifier | None = None,
    auth: AuthSettings | None = None,
) -> MCPServer:
    """Return a server whose tools ask ``engines``.

    Args:
        engines: Loaded or not; a call waits until its engine is.
        taxonomy: What they choose from.
        media: What the tools for video and sound read and write; ``None`` = they refuse.
        verifier: Who may call, together with ``auth``; over HTTP only.
        auth: See ``verifier``.
    """
    with _logging_left_alone():
        server = MCPServer(
            "gleanery-models", instructions=INSTRUCTIONS, token_verifier=verifier, auth=auth
        )
    tools = Tools(engines, taxonomy)
    files = MediaFiles(media)
    for tool in (
        *tools.all(),
        *VideoTools(engines, files).all(),
        *SoundTools(engines, files).all(),
    ):
        server.add_tool(telling_busy(tool))
    server.resource(TAXONOMY_URI, name="taxonomy", mime_type="application/json")(
        tools.taxonomy_text
    )
    return server


@contextmanager
def _logging_left_alone() -> Iterator[None]:
    """Keep ``MCPServer`` from hanging a handler of its own on the root logger."""
    root, guard = logging.getLogger(), logging.NullHandler()
    root.addHandler(guard)
    try:
        yield
    finally:
        root.removeHandler(guard)
