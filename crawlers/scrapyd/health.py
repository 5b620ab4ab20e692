"""``/healthz`` and ``/readyz`` of a node, for whoever asks: no password, and no other word."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from twisted.application.internet import TCPServer
from twisted.application.service import IServiceCollection
from twisted.web.resource import Resource

from crawlers.scrapyd.launcher import JobLauncher

if TYPE_CHECKING:
    from twisted.python.components import Componentized
    from twisted.web.server import Request


def open_health(app: Componentized) -> None:
    """Put health before everything that the node's site asks a password for."""
    services = list(IServiceCollection(app))
    (launcher,) = (each for each in services if isinstance(each, JobLauncher))
    for service in services:
        if isinstance(service, TCPServer):
            site = service.args[1]
            site.resource = _Doorstep(site.resource, launcher)


class _Doorstep(Resource):
    """Health; all else is behind it."""

    def __init__(self, inner: Resource, launcher: JobLauncher) -> None:
        super().__init__()
        self._inner = inner
        self._health = {b"healthz": _Health(lambda: True), b"readyz": _Health(launcher.is_heard)}

    def getChildWithDefault(self, path: bytes, request: Request) -> Any:
        health = self._health.get(path) if not request.postpath else None
        return health or self._inner.getChildWithDefault(path, request)


class _Health(Resource):
    isLeaf = True

    def __init__(self, is_good: Any) -> None:
        super().__init__()
        self._is_good = is_good

    def render_GET(self, request: Request) -> bytes:
        good = self._is_good()
        request.setResponseCode(200 if good else 503)
        request.setHeader("Content-Type", "application/json")
        return json.dumps({"status": "ok" if good else "not ready"}).encode()
