"""A proxy on loopback that keeps a browser away from addresses we refuse.

Playwright does not show redirects, WebSockets and name resolution to its rules; a proxy sees every
connection, and connects to the very address it has checked.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gleanery.addresses import is_refused
from gleanery.errors import AddressRefusedError

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Callable, Sequence

logger = logging.getLogger(__name__)

HEAD_SECONDS = 20
CONNECT_SECONDS = 20
CHUNK = 65_536
_REFUSED = b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_UNREACHABLE = b"HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_HOP_BY_HOP = (b"proxy-", b"connection:", b"keep-alive:")


class GuardProxy:
    """Answers ``CONNECT`` and plain requests; one connection, one request."""

    def __init__(self, allowed: Sequence[str], *, on_refused: Callable[[], object]) -> None:
        """Prepare the proxy.

        Args:
            allowed: Networks (CIDR) opened although they are private.
            on_refused: Called for each connection turned down.
        """
        self.allowed = tuple(allowed)
        self.on_refused = on_refused
        self._server: asyncio.Server | None = None

    async def start(self) -> str:
        """Listen on a free port of loopback; return the address to give as a proxy."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=CHUNK)
        port = self._server.sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    async def stop(self) -> None:
        """Stop listening; connections that are open end with their browser."""
        if self._server:
            self._server.close()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), HEAD_SECONDS)
            host, port, forward = _read_head(head)
            up_reader, up_writer = await self._connect(host, port)
        except AddressRefusedError:
            self.on_refused()
            await _end(writer, _REFUSED)
        except (OSError, ValueError, EOFError, TimeoutError, asyncio.LimitOverrunError):
            await _end(writer, _UNREACHABLE)
        else:
            if forward:
                up_writer.write(forward)
            else:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(_pipe(reader, up_writer), _pipe(up_reader, writer))

    async def _connect(self, host: str, port: int) -> tuple[StreamReader, StreamWriter]:
        """Resolve, check every address, and connect to one of those checked.

        Raises:
            AddressRefusedError: One of them is refused.
            OSError: There is none, or none answers.
        """
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(address[0]) for *_, address in found]
        if any(is_refused(ip, self.allowed) for ip in addresses):
            raise AddressRefusedError(host)
        return await asyncio.wait_for(asyncio.open_connection(addresses[0], port), CONNECT_SECONDS)


def _read_head(head: bytes) -> tuple[str, int, bytes]:
    """Return host, port, and what to send on (nothing for ``CONNECT``).

    Raises:
        ValueError: It is no request to a proxy.
    """
    line, *fields = head.split(b"\r\n")
    method, target, version = line.split(b" ")
    if method == b"CONNECT":
        parts = urlsplit(b"//" + target)
        return (parts.hostname or b"").decode("ascii"), parts.port or 443, b""
    parts = urlsplit(target)
    if parts.scheme != b"http" or not parts.hostname:
        raise ValueError(target)
    path = (parts.path or b"/") + (b"?" + parts.query if parts.query else b"")
    kept = [f for f in fields if f and not f.lower().startswith(_HOP_BY_HOP)]
    forward = b"\r\n".join([b" ".join((method, path, version)), *kept, b"Connection: close"])
    return parts.hostname.decode("ascii"), parts.port or 80, forward + b"\r\n\r\n"


async def _pipe(reader: StreamReader, writer: StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    writer.close()


async def _end(writer: StreamWriter, answer: bytes) -> None:
    with contextlib.suppress(OSError):
        writer.write(answer)
        await writer.drain()
    writer.close()
