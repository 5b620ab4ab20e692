"""How tools answer: structured content, and errors that the caller may read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult
from pydantic import BaseModel

from gleanery.errors import MediaError, MediaUnavailableError, ModelBusyError, ModelServerError

AWAY_SECONDS = 5.0
"""When a caller may come back where the media store was away."""


@contextmanager
def told_errors() -> Iterator[None]:
    """Let the caller read our own errors; the SDK hides every other text."""
    try:
        yield
    except MediaUnavailableError as error:  # may succeed later, as what is busy may
        busy = ModelBusyError(str(error), retry_after_seconds=AWAY_SECONDS)
        raise ToolError(str(error)) from busy
    except (ModelServerError, MediaError) as error:
        raise ToolError(str(error)) from error


def structured(result: BaseModel) -> CallToolResult:
    """Return ``result`` as structured content only: by default it travels as text too."""
    return CallToolResult(content=[], structured_content=result.model_dump(mode="json"))
