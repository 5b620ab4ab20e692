"""scrapyd's site with the doors closed that it leaves open."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapyd.website import Root
from twisted.web.resource import Resource

if TYPE_CHECKING:
    from twisted.web.server import Request

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
    ),
}


class SafeRoot(Root):
    """``webroot`` of scrapyd: nothing for other sites' scripts, forms or frames."""

    def __init__(self, config: Any, app: Any) -> None:
        super().__init__(config, app)
        self.open = not config.get("password", "")
        """Whether nobody is asked for a password: then only loopback's own names are answered."""

    def getChildWithDefault(self, path: bytes, request: Request) -> Resource:
        for name, value in _HEADERS.items():
            request.setHeader(name, value)
        if why := self._foreign(request):
            return _Refusal(why)
        child = super().getChildWithDefault(path, request)
        return _SameOrigin(child)

    def _foreign(self, request: Request) -> str:
        host = urlsplit(f"//{request.getHeader('host') or ''}")
        if self.open and host.hostname not in LOOPBACK:  # another name that leads here
            return "Host: not one of this machine's names"
        origin = request.getHeader("origin")
        if origin and urlsplit(origin).netloc != host.netloc:
            return "Origin: requests of other sites are refused"
        return ""


class _SameOrigin(Resource):
    """Hands everything on; what comes back allows no other site to read it."""

    def __init__(self, inner: Resource) -> None:
        super().__init__()
        self.inner = inner
        self.isLeaf = inner.isLeaf

    def getChildWithDefault(self, path: bytes, request: Request) -> Resource:
        return _SameOrigin(self.inner.getChildWithDefault(path, request))

    def render(self, request: Request) -> bytes | int:
        answer: bytes | int = self.inner.render(request)
        for name in ("origin", "methods", "headers"):
            request.responseHeaders.removeHeader(f"access-control-allow-{name}")
        return answer


class _Refusal(Resource):
    isLeaf = True

    def __init__(self, why: str) -> None:
        super().__init__()
        self.why = why

    def render(self, request: Request) -> bytes:
        request.setResponseCode(403)
        request.setHeader("Content-Type", "application/json")
        return json.dumps({"status": "error", "message": self.why}).encode()
