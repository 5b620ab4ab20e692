"""Posts a message to an address that is not internal, signed."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import ssl
import time
from dataclasses import asdict
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gleanery.addresses import is_refused
from gleanery.errors import GleaneryError

if TYPE_CHECKING:
    from crawlers.notices.message import Message
    from gleanery.config import Config

TIMEOUT_SECONDS = 10


class NotToldError(GleaneryError):
    """A message did not arrive; the text holds no secret."""


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature of ``<timestamp>.<body>``: HMAC-SHA256 in hexadecimal."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def post(message: Message, config: Config) -> None:
    """Post it; a redirect is not followed.

    Raises:
        NotToldError: It did not arrive, or would go to an internal address.
    """
    parts = urlsplit(config.notify_webhook_url.get_secret_value())
    body = json.dumps(asdict(message), ensure_ascii=False).encode()
    now = str(int(time.time()))
    signature = sign(config.notify_webhook_secret.get_secret_value(), now, body)
    headers = {
        "Host": parts.netloc.rpartition("@")[2],
        "Content-Type": "application/json",
        "User-Agent": "Gleanery",
        "X-Gleanery-Id": message.id,
        "X-Gleanery-Timestamp": now,
        "X-Gleanery-Signature": f"sha256={signature}",
    }
    host, tls = parts.hostname or "", parts.scheme == "https"
    try:
        port = parts.port or (443 if tls else 80)
        connection = HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
        connection.sock = _connect(host, port, config.allowed_addresses, tls=tls)
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, body, headers)
            status = connection.getresponse().status
        finally:
            connection.close()
    except (OSError, HTTPException, ValueError) as error:  # its text may hold the address
        raise NotToldError(f"webhook: {type(error).__name__}") from error
    if not 200 <= status < 300:
        raise NotToldError(f"webhook: HTTP {status}")


def _connect(host: str, port: int, allowed: tuple[str, ...], *, tls: bool) -> socket.socket:
    """Connect to the very address that was looked at, so that no later answer of DNS counts."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(each[4][0]) for each in found]
    if any(is_refused(address, allowed) for address in addresses):
        raise NotToldError("webhook: an internal address; see GLEANERY_ALLOWED_ADDRESSES")
    made = socket.create_connection((addresses[0], port), TIMEOUT_SECONDS)
    try:
        return ssl.create_default_context().wrap_socket(made, server_hostname=host) if tls else made
    except BaseException:
        made.close()
        raise
