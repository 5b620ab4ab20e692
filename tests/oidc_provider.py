"""A login service on loopback that speaks OpenID Connect, and lies when a test tells it to."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.loopback import LoopbackServer

CLIENT, SECRET = "gleanery", "a secret: +/ä"
Claims = dict[str, Any]


@dataclass
class Service:
    """Logs in ``person`` without a question; a code is good once, for whoever has its verifier."""

    url: str
    person: Claims = field(default_factory=lambda: {"sub": "1", "groups": ["crawlers"]})
    lie: Callable[[Claims], Claims] = dict
    """Changes what an ID token says."""
    sign: Callable[[Service, Claims], str] | None = None
    """Signs it another way."""
    answer: Claims = field(default_factory=dict)
    """Changes what the browser brings back."""
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    codes: dict[str, Claims] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)

    def honest(self) -> None:
        self.person, self.lie = {"sub": "1", "groups": ["crawlers"]}, dict
        self.sign, self.answer = None, {}

    def metadata(self) -> Claims:
        return {
            "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize?tenant=1",
            "token_endpoint": f"{self.url}/token", "jwks_uri": f"{self.url}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "authorization_response_iss_parameter_supported": True,
        }  # fmt: skip

    def keys(self) -> Claims:
        public = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [public | {"kid": "one", "use": "sig", "alg": "RS256"}]}

    def authorize(self, asked: Claims) -> str:
        """Return where the browser is sent back."""
        assert (asked["client_id"], asked["response_type"]) == (CLIENT, "code")
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        back = {"code": code, "state": asked["state"], "iss": self.url} | self.answer
        given = {name: value for name, value in back.items() if value is not None}
        return f"{asked['redirect_uri']}?{urlencode(given)}"

    def token(self, form: Claims, authorization: str) -> Claims | None:
        """Return an answer with an ID token; ``None`` if anything of the request is wrong."""
        pair = base64.b64encode(f"{quote(CLIENT)}:{quote(SECRET, safe='')}".encode()).decode()
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or authorization != f"Basic {pair}"
            or challenge != asked["code_challenge"]
            or form.get("redirect_uri") != asked["redirect_uri"]
        ):
            return None
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": CLIENT, "exp": now + 60, "iat": now, "nonce": asked["nonce"],
        }  # fmt: skip
        claims = self.lie(claims | self.person)
        sign = self.sign or Service.signed
        return {"access_token": "x", "token_type": "Bearer", "id_token": sign(self, claims)}

    def signed(self, claims: Claims) -> str:
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "one"})


def settings(service: Service) -> dict[str, str]:
    """What an admin page is told of it."""
    roles = {"watchers": "viewer", "crawlers": "operator", "owners": "admin"}
    return {
        "GLEANERY_OIDC_ISSUER": service.url, "GLEANERY_OIDC_CLIENT_ID": CLIENT,
        "GLEANERY_OIDC_CLIENT_SECRET": SECRET, "GLEANERY_OIDC_ROLES": json.dumps(roles),
    }  # fmt: skip


@contextmanager
def oidc_service(
    host: str = "127.0.0.1", tls: tuple[Path, Path] | None = None
) -> Iterator[Service]:
    """Serve one at a free port; ``tls`` is a certificate and its key."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            service.heard.append(parts.path)
            if parts.path == "/authorize":
                page = f'<form method="post" action="{self.path.replace("&", "&amp;")}">'
                self._give(200, f"{page}<button>Yes</button></form>".encode(), "text/html")
                return
            known = {"/.well-known/openid-configuration": service.metadata, "/keys": service.keys}
            found = known.get(parts.path)
            self._give(200 if found else 404, json.dumps(found() if found else {}).encode())

        def do_POST(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            if parts.path == "/authorize":
                self.send_response(303)
                self.send_header("location", service.authorize(dict(parse_qsl(parts.query))))
                self.end_headers()
                return
            answer = service.token(dict(parse_qsl(body)), self.headers["authorization"])
            error = {"error": "invalid_grant"}
            self._give(200 if answer else 400, json.dumps(answer or error).encode())

        def _give(self, status: int, body: bytes, kind: str = "application/json") -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with LoopbackServer(Handler) as server:
        if tls:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(*tls)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        service = Service(f"{'https' if tls else 'http'}://{host}:{server.server_port}")
        yield service
