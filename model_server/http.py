"""The model server over streamable HTTP: who may call, under which names, and health."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Sequence

from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import AnyHttpUrl
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gleanery.errors import ConfigError
from items.taxonomy import Taxonomy
from media.store import MediaStore
from model_server.engine_set import EngineSet
from model_server.media_schema import MAX_FRAMES
from model_server.metrics import ServerMetrics
from model_server.schema import MAX_CHARACTERS, MAX_DOCUMENTS
from model_server.server import build_server
from model_server.video.frames import FRAME_BYTES

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
MAX_BODY = (
    max(
        MAX_DOCUMENTS
        * MAX_CHARACTERS
        * 2
        * 6,  # every character of text and title as a JSON escape
        MAX_FRAMES * FRAME_BYTES * 4 // 3,  # base64
    )
    + 2**16
)
"""Bytes of a request at most."""


class OneToken:
    """Accepts one bearer token; compares in constant time."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return who calls, or ``None`` if the token is another one."""
        if not hmac.compare_digest(token.encode(), self._token):
            return None
        return AccessToken(token="", client_id="gleanery", scopes=[])


def build_app(
    engines: EngineSet,
    taxonomy: Taxonomy,
    *,
    media: MediaStore | None = None,
    hosts: Sequence[str] = (),
    token: str = "",
) -> Starlette:
    """Return the application: MCP under ``/mcp``, ``/healthz``, ``/readyz``, ``/metrics``.

    Args:
        engines: Loaded or not.
        taxonomy: What they choose from.
        media: What the tools for video and sound read and write.
        hosts: Names under which callers may address us besides loopback, e.g. ``model-server:8765``
            (``:*`` for any port). Any other ``Host`` gets 421: protection against DNS rebinding.
        token: Bearer token callers must show; empty = none.
    """
    auth = _auth_settings() if token else None
    verifier = OneToken(token) if token else None
    server = build_server(engines, taxonomy, media=media, verifier=verifier, auth=auth)

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        rows = [
            {"name": r.name, "ready": r.ready, "version": r.version, "error": r.error}
            for r in engines.runners.values()
        ]
        state = {"ready": engines.ready, "engines": rows}
        return JSONResponse(state, status_code=200 if engines.ready else 503)

    server.custom_route("/healthz", ["GET"])(healthz)
    server.custom_route("/metrics", ["GET"])(ServerMetrics(engines).answer)
    server.custom_route("/readyz", ["GET"])(readyz)
    names = [f"{name}:*" for name in LOOPBACK] + [*LOOPBACK, *hosts]
    return server.streamable_http_app(
        # Not json_response: the progress of long calls needs a stream. Short ones stay plain JSON.
        stateless_http=True,
        max_request_body_size=MAX_BODY,
        transport_security=TransportSecuritySettings(
            allowed_hosts=names, allowed_origins=[f"http://{name}" for name in names]
        ),
    )


def check_exposure(host: str, token: str) -> None:
    """Refuse to listen to other machines without a token.

    Raises:
        ConfigError: ``host`` is not loopback and ``token`` is empty.
    """
    if host == "localhost" or _is_loopback(host) or token:
        return
    raise ConfigError(
        f"--host {host} lets other machines call the model server: set GLEANERY_MODEL_SERVER_TOKEN"
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _auth_settings() -> AuthSettings:
    # A fixed token needs no authorization server; the SDK asks for an issuer all the same.
    return AuthSettings(issuer_url=AnyHttpUrl("http://localhost"), resource_server_url=None)
