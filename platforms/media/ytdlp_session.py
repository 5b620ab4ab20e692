"""A yt-dlp that asks nobody but YouTube."""

from __future__ import annotations

from typing import Any

from yt_dlp import YoutubeDL
from yt_dlp.networking.exceptions import HTTPError

from gleanery.errors import AddressRefusedError
from platforms.youtube.transport import is_youtube


class GuardedYoutubeDL(YoutubeDL):  # type: ignore[misc]
    """Checks every request's host; redirects are checked by the proxy all of them go through."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._answers: list[Any] = []
        super().__init__(options)

    def urlopen(self, req: Any) -> Any:
        """Open what yt-dlp asks for.

        Raises:
            AddressRefusedError: It is no host of YouTube's.
        """
        url = req if isinstance(req, str) else getattr(req, "url", None) or req.get_full_url()
        if not is_youtube(url):
            raise AddressRefusedError(f"yt-dlp may ask YouTube only, not {url}")
        try:
            answer = super().urlopen(req)
        except HTTPError as error:  # an extractor may still read it
            self._remember(error.response)
            raise
        self._remember(answer)
        return answer

    def _remember(self, answer: Any) -> None:
        self._answers = [a for a in self._answers if not a.closed] + [answer]

    def close(self) -> None:
        """Let go of the network; a download that was stopped leaves its answer open."""
        for answer in self._answers:
            answer.close()
        super().close()
