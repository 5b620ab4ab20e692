"""A proxy on loopback that keeps browsers and yt-dlp away from addresses we refuse.

Playwright does not show redirects, WebSockets and name resolution to its rules; a proxy sees every
connection, and connects to the very address it has checked.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import socket
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from gleanery.addresses import is_local_name, is_refused, literal_address
from gleanery.errors import AddressRefusedError

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Callable, Sequence

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
HEAD_SECONDS = 20
CONNECT_SECONDS = 20
CHUNK = 65_536
_REFUSED = b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_UNREACHABLE = b"HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_HOP_BY_HOP = (b"proxy-", b"connection:", b"keep-alive:")


class GuardProxy:
    """Answers ``CONNECT`` and plain requests; one connection, one request."""

    def __init__(
        self, allowed: Sequence[str], *, on_refused: Callable[[], object], upstream: str = ""
    ) -> None:
        """Prepare the proxy.

        Args:
            allowed: Networks (CIDR) opened although they are private.
            on_refused: Called for each connection turned down.
            upstream: The operator's own HTTP proxy, which then resolves names: literals and local
                names are refused here, what other names lead to is its business.
        """
        self.allowed = tuple(allowed)
        self.on_refused = on_refused
        self.upstream = urlsplit(upstream) if upstream else None
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
            await self._answer(reader, writer)
        except asyncio.CancelledError:  # the program ends; asyncio would report it as a fault
            writer.close()

    async def _answer(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), HEAD_SECONDS)
            host, port, forward = _read_head(head)
            if self.upstream:
                forward = _for_proxy(head, self.upstream)
                up_reader, up_writer = await self._connect_upstream(host)
            else:
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
        failure = OSError(f"{host} has no address")
        for ip in dict.fromkeys(addresses):
            try:
                return await asyncio.wait_for(asyncio.open_connection(ip, port), CONNECT_SECONDS)
            except OSError as error:  # its other addresses may answer; TimeoutError is one
                failure = error
        raise failure

    async def _connect_upstream(self, host: str) -> tuple[StreamReader, StreamWriter]:
        """Connect to the operator's proxy, if it may be asked for ``host``.

        Raises:
            AddressRefusedError: It may not.
            OSError: The proxy does not answer.
        """
        literal = literal_address(host)
        hidden = literal is None and is_local_name(host) and is_refused(LOOPBACK, self.allowed)
        if hidden or (literal is not None and is_refused(literal, self.allowed)):
            raise AddressRefusedError(host)
        assert self.upstream
        return await asyncio.wait_for(
            asyncio.open_connection(self.upstream.hostname, self.upstream.port or 80),
            CONNECT_SECONDS,
        )


def _for_proxy(head: bytes, upstream: SplitResult) -> bytes:
    """Return a request's head as the next proxy takes it: one request, with our credentials."""
    line, *fields = head.split(b"\r\n")
    kept = [f for f in fields if f and not f.lower().startswith(_HOP_BY_HOP)]
    if upstream.username:
        pair = f"{unquote(upstream.username)}:{unquote(upstream.password or '')}"
        kept.append(b"Proxy-Authorization: Basic " + base64.b64encode(pair.encode()))
    if not line.startswith(b"CONNECT "):
        kept.append(b"Connection: close")
    return b"\r\n".join([line, *kept]) + b"\r\n\r\n"


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
    try:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(CHUNK):
                writer.write(chunk)
                await writer.drain()
    finally:
        writer.close()


async def _end(writer: StreamWriter, answer: bytes) -> None:
    with contextlib.suppress(OSError):
        writer.write(answer)
        await writer.drain()
    writer.close()
