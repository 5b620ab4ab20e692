"""Ports for servers that are told where to listen."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack, suppress

BELOW_EPHEMERAL = range(16_000, 32_000)
"""The system gives none of these to a connection or a server that leaves the choice to it."""


def free_ports(number: int) -> list[int]:
    """Return ports of loopback that nobody listens on now."""
    with ExitStack() as stack:
        found: list[int] = []
        while len(found) < number:
            one, port = stack.enter_context(socket.socket()), random.choice(BELOW_EPHEMERAL)
            with suppress(OSError):
                one.bind(("127.0.0.1", port))
                found.append(port)
        return found
