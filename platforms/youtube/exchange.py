"""What goes between yt-dlp and whoever owns the network; light to import, unlike yt-dlp."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gleanery.errors import PlatformError


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of yt-dlp."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """Its answer; ``body`` is no longer compressed."""

    status: int
    url: str
    headers: list[tuple[str, str]]
    body: bytes


Send = Callable[[Asked], Reply]
"""Blocks until the answer is there; called in yt-dlp's thread.

Raises ``PlatformUnavailableError`` where there is none.
"""


class UnavailableError(PlatformError):
    """The platform has it not, or not for us; ``reason`` is a short key for stats."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason
