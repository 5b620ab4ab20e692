"""The replay proxy answers under any host name, with and without TLS."""

from __future__ import annotations

import ssl
import urllib.request

from tests.mitm import MitmProxy


def echo(method, url, headers, body):
    return 200, {"x-agent": headers["user-agent"]}, f"{method} {url} {body.decode()}".encode()


def test_every_host_answers_through_the_proxy_over_http_and_https():
    with MitmProxy(echo) as proxy:
        unverified = ssl._create_unverified_context()
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({"http": proxy.url, "https": proxy.url}),
            urllib.request.HTTPSHandler(context=unverified),
        )
        answers = [
            opener.open(request).read().decode()
            for request in (
                "http://plain.example/a?b=1",
                "https://www.tls.example/c",
                urllib.request.Request("https://www.tls.example/d", data=b"form"),
            )
        ]

    assert answers == [
        "GET http://plain.example/a?b=1 ",
        "GET https://www.tls.example/c ",
        "POST https://www.tls.example/d form",
    ]
    assert proxy.requests == [
        ("GET", "http://plain.example/a?b=1"),
        ("GET", "https://www.tls.example/c"),
        ("POST", "https://www.tls.example/d"),
    ]
    assert proxy.errors == []
