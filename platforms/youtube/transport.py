"""yt-dlp's network traffic, handed to whoever owns the network (here: Scrapy's engine)."""

from __future__ import annotations

import io
import urllib.request
from email.message import Message
from functools import partial
from typing import Any

from yt_dlp import YoutubeDL
from yt_dlp.networking.common import Features, Request, RequestDirector, RequestHandler, Response
from yt_dlp.networking.exceptions import HTTPError, TransportError

from gleanery.errors import AddressRefusedError, PlatformUnavailableError
from gleanery.urls import host_of
from platforms.youtube.exchange import Asked, Reply, Send

HOSTS = (
    "youtube.com",
    "youtu.be",
    "youtube-nocookie.com",
    "googleapis.com",
    "googlevideo.com",
    "ytimg.com",
)
"""yt-dlp may ask these and their sub-domains; nothing in a page can lead it anywhere else."""


class SendRH(RequestHandler):  # type: ignore[misc]  # yt-dlp wants the name to end so
    """A yt-dlp request handler that opens no connection of its own."""

    RH_NAME = "gleanery"
    _SUPPORTED_URL_SCHEMES = ("http", "https")
    # the sender knows the proxy, the time limit and the certificates
    _SUPPORTED_PROXY_SCHEMES = None
    _SUPPORTED_FEATURES = (Features.NO_PROXY, Features.ALL_PROXY)

    def __init__(self, *, send: Send, **options: Any) -> None:
        super().__init__(**options)
        self.send_out = send

    def _check_extensions(self, extensions: dict[str, Any]) -> None:
        super()._check_extensions(extensions)
        for name in ("cookiejar", "timeout", "legacy_ssl", "keep_header_casing", "impersonate"):
            extensions.pop(name, None)

    def _send(self, request: Request) -> Response:
        if not is_youtube(request.url):
            refused = AddressRefusedError(f"yt-dlp may ask YouTube only, not {request.url}")
            raise TransportError(str(refused), cause=refused)
        jar = self._get_cookiejar(request)
        headers = dict(self._get_headers(request))
        if cookies := jar.get_cookie_header(request.url):
            headers["Cookie"] = cookies
        asked = Asked(request.method, request.url, headers, _bytes(request.data))
        try:
            reply = self.send_out(asked)
        except PlatformUnavailableError as error:
            raise TransportError(str(error), cause=error) from error
        jar.extract_cookies(_Cookies(reply), urllib.request.Request(request.url))  # noqa: S310 - opened nowhere
        response = Response(io.BytesIO(reply.body), reply.url, dict(reply.headers), reply.status)
        if not 200 <= reply.status < 300:
            raise HTTPError(response)
        return response


class SendingYoutubeDL(YoutubeDL):  # type: ignore[misc]
    """A ``YoutubeDL`` whose every request goes through ``send``."""

    def __init__(self, options: dict[str, Any], send: Send) -> None:
        self._send_out = send
        super().__init__(options)

    def build_request_director(self, handlers: Any, preferences: Any = None) -> RequestDirector:
        return super().build_request_director([partial(SendRH, send=self._send_out)])


def is_youtube(url: str) -> bool:
    """Return whether ``url`` is on one of YouTube's hosts."""
    host = host_of(url)
    return any(host == known or host.endswith("." + known) for known in HOSTS)


class _Cookies:
    """What :mod:`http.cookiejar` wants to see of an answer."""

    def __init__(self, reply: Reply) -> None:
        self._headers = Message()
        for name, value in reply.headers:
            self._headers[name] = value

    def info(self) -> Message:
        return self._headers


def _bytes(data: object) -> bytes:
    if data is None:
        return b""
    return data if isinstance(data, bytes) else b"".join(data)  # type: ignore[arg-type]
