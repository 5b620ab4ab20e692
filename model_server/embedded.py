"""Start a model server inside a program: the same tools over the SDK's in-memory transport."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mcp.server.mcpserver import MCPServer

from items.taxonomy import load_taxonomy
from media.store import MediaStore
from model_server.engine_set import EngineSet
from model_server.runner import EngineRunner
from model_server.server import build_server
from model_server.spec import EngineSpec, read_spec


def make_engines(
    engine: str,
    home: Path,
    *,
    engines_file: Path | None = None,
    tools: Mapping[str, str] | None = None,
    **options: Any,
) -> EngineSet:
    """Return the engines that the configuration asks for, not yet loaded.

    Args:
        engine: Value of ``MODEL_ENGINE``.
        home: Folder of all state; what is dear to compute is kept in its ``cache``.
        engines_file: Value of ``MODEL_ENGINES_FILE``.
        tools: Capability → engine that answers it, e.g. ``VIDEO_ENGINE``; laid over the file's.
        options: Laid over the main engine's options.

    Raises:
        RegistryError: There is no such engine.
        ConfigError: The options file or the taxonomy is malformed.
    """
    taxonomy, cache = load_taxonomy(), home / "cache"
    spec = read_spec(engine, engines_file, tools=tools, **options)

    def runner(one: EngineSpec) -> EngineRunner:
        return EngineRunner(one, lambda: one.make(taxonomy, cache=cache))

    return EngineSet(spec, {name: runner(one) for name, one in spec.engines.items()})


def embedded_server(
    engine: str,
    home: Path,
    *,
    engines_file: Path | None = None,
    tools: Mapping[str, str] | None = None,
    media: MediaStore | None = None,
) -> MCPServer:
    """Return a server for ``mcp.Client``'s in-memory transport; engines load at the first call.

    Args:
        engine: As for :func:`make_engines`, like the next ones.
        home: See there.
        engines_file: See there.
        tools: See there.
        media: What the tools for video and sound read and write; ``None`` = they refuse.

    Raises:
        RegistryError: There is no such engine.
        ConfigError: The options file or the taxonomy is malformed.
    """
    engines = make_engines(engine, home, engines_file=engines_file, tools=tools)
    return build_server(engines, load_taxonomy(), media=media)
