"""What every answer carries, and what no request may be: around the whole program."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 256 * 1024
"""Bytes of a form."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # not `no-referrer`: browsers would hide the origin of our own forms, too
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class Shield:
    """Refuses what other sites send and what is too large; adds headers."""

    def __init__(self, app: ASGIApp, *, public_url: str) -> None:
        """Wrap ``app``.

        Args:
            app: The program.
            public_url: Where people reach it; empty = at whatever host they ask.
        """
        self._app = app
        self._netloc = urlsplit(public_url).netloc
        self._secure = public_url.startswith("https://")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(MutableHeaders(scope=message), str(scope["path"]))
            await send(message)

        refused = self._refusal(Headers(scope=scope), str(scope["method"]))
        await (refused or self._app)(scope, receive, guarded)

    def _refusal(self, headers: Headers, method: str) -> PlainTextResponse | None:
        if method in {"GET", "HEAD", "OPTIONS"}:
            return None
        length = headers.get("content-length", "")
        if "transfer-encoding" in headers or (length and not length.isdigit()):
            return PlainTextResponse("Length Required", 411)
        if int(length or 0) > LARGEST_BODY:
            return PlainTextResponse("Content Too Large", 413)
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
        own = {self._netloc or headers.get("host", ""), headers.get("host", "")}
        if origin is not None and urlsplit(origin).netloc not in own - {""}:
            return PlainTextResponse("Forbidden", 403)
        if site not in {"same-origin", "none"}:
            return PlainTextResponse("Forbidden", 403)
        return None

    def _add(self, headers: MutableHeaders, path: str) -> None:
        for name, value in HEADERS.items():
            headers[name] = value
        kept = path.startswith("/static/") or "cache-control" in headers
        if not kept:
            headers["Cache-Control"] = "no-store"
        if self._secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
