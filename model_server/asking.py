"""One call of a tool over an open connection; what comes back is checked, or put into an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mcp.client import Client
from mcp.shared.dispatcher import ProgressFnT
from mcp_types import CallToolRequest, CallToolRequestParams, CallToolResult
from pydantic import ValidationError

from gleanery.errors import ModelBusyError, ModelToolError
from model_server.busy import retry_after
from model_server.schema import Classification, ClassifyResult, Document


async def ask(
    client: Client,
    tool: str,
    arguments: Mapping[str, Any],
    *,
    progress: ProgressFnT | None = None,
) -> Any:
    """Call ``tool`` once; return its structured content.

    Args:
        client: An open one.
        tool: Its name.
        arguments: As JSON knows them.
        progress: Told how far the call is, if the tool tells.

    Raises:
        ModelBusyError: The server asks us to come back later.
        ModelToolError: The tool refused.
        MCPError: The transport failed.
    """
    # `client.call_tool` would also check the answer against the tool's JSON schema: a third of the
    # time that a crawl spends on a document. Our callers check it by pydantic.
    params = CallToolRequestParams(name=tool, arguments=dict(arguments))
    answer = await client.session.send_request(
        CallToolRequest(params=params), CallToolResult, progress_callback=progress
    )
    if not answer.is_error:
        return answer.structured_content
    text = " ".join(getattr(part, "text", "") for part in answer.content)
    if (seconds := retry_after(answer)) is not None:
        raise ModelBusyError(text, retry_after_seconds=seconds)
    raise ModelToolError(text)


async def classify(client: Client, documents: Sequence[Document]) -> list[Classification]:
    """Call ``classify_batch`` once.

    Raises:
        ModelBusyError: The server asks us to come back later.
        ModelToolError: The tool refused, or its answer does not fit.
        MCPError: The transport failed.
    """
    rows = [d.model_dump(exclude_defaults=True) for d in documents]
    content = await ask(client, "classify_batch", {"documents": rows})
    try:
        results = ClassifyResult.model_validate(content).results
    except ValidationError as error:
        raise ModelToolError(f"the answer does not fit: {error}") from error
    if len(results) != len(documents):
        raise ModelToolError(f"{len(results)} answers to {len(documents)} documents")
    return results
