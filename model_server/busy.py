"""Tell callers to come back later, so that a program can read when: in the `_meta` of a result."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec

from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, TextContent

from gleanery.errors import ModelBusyError
from model_server.schema import RETRY_AFTER

_P = ParamSpec("_P")


def telling_busy(
    tool: Callable[_P, Awaitable[CallToolResult]],
) -> Callable[_P, Awaitable[CallToolResult]]:
    """Return ``tool``, whose "busy" errors say in ``_meta`` when to come back.

    Not in the structured content: MCP clients check that against the tool's output schema.
    """

    @wraps(tool)
    async def told(*args: _P.args, **kwargs: _P.kwargs) -> CallToolResult:
        try:
            return await tool(*args, **kwargs)
        except ToolError as error:
            if not isinstance(busy := error.__cause__, ModelBusyError):
                raise
            return CallToolResult(
                content=[TextContent(type="text", text=str(busy))],
                is_error=True,
                _meta={RETRY_AFTER: busy.retry_after_seconds},
            )

    return told


def retry_after(result: CallToolResult) -> float | None:
    """Return the seconds that a "busy" result names; ``None`` if it is none."""
    seconds = (result.meta or {}).get(RETRY_AFTER) if result.is_error else None
    return float(seconds) if isinstance(seconds, int | float) else None
