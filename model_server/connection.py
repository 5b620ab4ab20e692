"""One connection to a model server: over streamable HTTP, or inside this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.mcpserver import MCPServer

PROTOCOL = "2026-07-28"
"""No session, so any replica can answer any call."""
PROBE_SECONDS = 5.0
"""Longest wait for the first sign of life."""
_HINTS = {
    401: "it refuses our token: set GLEANERY_MODEL_SERVER_TOKEN to its own",
    403: "it refuses our token: set GLEANERY_MODEL_SERVER_TOKEN to its own",
    404: "there is no MCP server under this path: the address ends in /mcp",
    421: "it does not go by this host name: start it with --allowed-host",
}


class Connector:
    """Connects as often as needed, and puts into words why it could not."""

    def __init__(self, server: MCPServer | str, *, token: str, timeout: float) -> None:
        """Prepare.

        Args:
            server: An address, or a server in this process.
            token: Bearer token; empty = none.
            timeout: Seconds of silence within one answer after which HTTP gives up.
        """
        self._server = server
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._timeout = timeout
        self._status: int | None = None

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Client]:
        """Yield a client that has answered once; enter and leave it in one task.

        Raises:
            Exception: Whatever the transport died of, often in a group; see :meth:`explain`.
        """
        self._status = None
        if not isinstance(self._server, str):
            async with Client(self._server, mode=PROTOCOL) as client:
                yield client
            return
        async with (
            self._http() as http,
            Client(streamable_http_client(self._server, http_client=http), mode=PROTOCOL) as client,
        ):
            async with asyncio.timeout(PROBE_SECONDS):
                await client.call_tool("list_engines")
            yield client

    @property
    def hopeless(self) -> bool:
        """Whether the server gave an answer that only a person can change."""
        return self._status in _HINTS

    def explain(self, error: BaseException) -> str:
        """Return one line for a person, without secrets."""
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        where = self._server if isinstance(self._server, str) else "in this process"
        hint = _HINTS.get(self._status or 0) or str(error) or type(error).__name__
        return f"model server {where}: {hint}"

    def _http(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            headers=self._headers,
            timeout=httpx2.Timeout(PROBE_SECONDS, read=self._timeout + PROBE_SECONDS),
            event_hooks={"response": [self._note_status]},
            trust_env=False,  # a proxy for the web must not see our documents
        )

    async def _note_status(self, response: httpx2.Response) -> None:
        self._status = response.status_code if response.status_code >= 400 else None
