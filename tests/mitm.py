"""A local HTTP proxy that answers everything itself: CONNECT (it ends TLS) and plain requests.

So a crawl of ``https://www.youtube.com`` or of a thousand made-up hosts runs against recordings,
under the real host names, without a network.
"""

from __future__ import annotations

import functools
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import Message
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.loopback import LoopbackServer

Headers = dict[str, str]
Answer = Callable[[str, str, Headers, bytes], tuple[int, Headers, bytes]]
"""``answer(method, url, headers, body) -> (status, headers, body)``; names asked are lower case."""

DROPPED = ("content-length", "transfer-encoding", "connection")
"""Headers of an answer that the proxy writes itself."""


@functools.cache
def throw_away_certificate(host: str) -> bytes:
    """Return certificate and key for ``host`` (PEM), signed by themselves, good for one day."""
    key = _key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "replay")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@functools.cache
def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@functools.cache
def _context(host: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "pair.pem"
        path.write_bytes(throw_away_certificate(host))
        context.load_cert_chain(path)
    return context


class MitmProxy(LoopbackServer):
    """Listens on a free loopback port; a context manager.

    Attributes:
        url: Address to give as a proxy.
        requests: ``(method, absolute URL)`` of everything asked, in order of arrival.
        errors: What ``answer`` raised; the client got 502.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.requests: list[tuple[str, str]] = []
        self.errors: list[Exception] = []
        super().__init__(_Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: MitmProxy
    base = ""
    """``https://host`` inside a tunnel; empty where requests name their host themselves."""

    def do_CONNECT(self) -> None:
        host, _, port = self.path.partition(":")
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.connection = _context(host).wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self.base = f"https://{host}" + ("" if port in ("", "443") else f":{port}")
        self.close_connection = False

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        url = self.base + self.path
        self.server.requests.append((self.command, url))
        try:
            status, headers, out = self.server.answer(self.command, url, _lower(self.headers), body)
        except Exception as error:
            self.server.errors.append(error)
            status, headers, out = 502, {}, repr(error).encode()
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in DROPPED:
                self.send_header(name, value)
        self.send_header("content-length", str(len(out)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(out)

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            self.connection.close()  # inside a tunnel the server only knows the outer socket

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = _answer

    def log_message(self, *_: object) -> None:
        pass


def _lower(headers: Message) -> Headers:
    return {name.lower(): value for name, value in headers.items()}
