"""Start a model server inside a program: the same tools over the SDK's in-memory transport."""

from __future__ import annotations

from pathlib import Path

from mcp.server.mcpserver import MCPServer

from items.taxonomy import load_taxonomy
from model_server.engine import choose_engine
from model_server.runner import EngineRunner
from model_server.server import build_server


def make_runner(engine: str, home: Path) -> EngineRunner:
    """Return a runner of the engine called ``engine``, not yet loaded.

    Args:
        engine: Name of a file of ``model_server/engines``.
        home: Folder of all state; what is dear to compute is kept in its ``cache``.

    Raises:
        RegistryError: There is no such engine.
        ConfigError: The taxonomy is malformed.
    """
    cls, taxonomy = choose_engine(engine), load_taxonomy()
    return EngineRunner(cls, lambda: cls(taxonomy, cache=home / "cache"))


def embedded_server(engine: str, home: Path) -> MCPServer:
    """Return a server for ``mcp.Client``'s in-memory transport; the engine loads at the first call.

    Raises:
        RegistryError: There is no such engine.
        ConfigError: The taxonomy is malformed.
    """
    return build_server(make_runner(engine, home), load_taxonomy())
