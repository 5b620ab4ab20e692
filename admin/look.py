"""How the page looks to this visitor: language and colours, kept in cookies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from admin.korean import KOREAN

if TYPE_CHECKING:
    from starlette.requests import Request

Language = Literal["ko", "en"]
THEMES = ("auto", "light", "dark")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one visitor sees."""

    language: Language
    theme: str
    """One of :data:`THEMES`."""

    def say(self, text: str) -> str:
        """Return an English text of ours in the visitor's language."""
        return KOREAN.get(text, text) if self.language == "ko" else text


def look_of(request: Request) -> Look:
    """Return what the visitor chose, else what the browser asks for, else Korean."""
    chosen = request.cookies.get("language")
    language = chosen or _accepted(request.headers.get("accept-language", ""))
    theme = request.cookies.get("theme", "auto")
    return Look(
        language="en" if language == "en" else "ko", theme=theme if theme in THEMES else "auto"
    )


def local_path(path: str) -> str:
    r"""Return ``path`` if it leads to a page of ours, else ``/``.

    Browsers read ``//host``, ``/\host`` and control characters between as another host.
    """
    return path if re.fullmatch(r"/(?![/\\])[^\x00-\x20\x7f\\]*", path) else "/"


def _accepted(header: str) -> str:
    wanted: list[tuple[float, str]] = []
    for part in header.split(","):
        name, _, weight = part.partition(";")
        found = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", weight)
        code = name.strip().lower().split("-")[0]
        if code in {"ko", "en"}:
            wanted.append((float(found[1]) if found else 1.0, code))
    return max(wanted, key=lambda w: w[0], default=(0.0, "ko"))[1]
