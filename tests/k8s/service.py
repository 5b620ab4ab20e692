"""A Service as kube-proxy does it: connections go to whoever stands behind it at that time."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Service(socketserver.ThreadingTCPServer):
    """Listens on loopback; those connected stay where they are when another stands behind it."""

    daemon_threads = True

    def __init__(self, target: int) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.target = target
        self.port = int(self.server_address[1])

    def move(self, port: int) -> None:
        """Send new connections there."""
        self.target = port


class _Connection(socketserver.BaseRequestHandler):
    server: Service

    def handle(self) -> None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.server.target)) as far:
            back = threading.Thread(target=_pass_on, args=[far, self.request], daemon=True)
            back.start()
            _pass_on(self.request, far)
            back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    """Copy until one side ends; its end is passed on, too."""
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def running_service(target: int) -> Iterator[Service]:
    """Serve until the block ends."""
    with Service(target) as service:
        thread = threading.Thread(target=service.serve_forever, daemon=True)
        thread.start()
        try:
            yield service
        finally:
            service.shutdown()
            thread.join()
