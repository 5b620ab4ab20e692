"""The process of one job, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapyd.launcher import ScrapyProcessProtocol

from crawlers.scrapyd.outcome import Exit

if TYPE_CHECKING:
    from twisted.python.failure import Failure

TAIL = 500
"""Characters of stderr that are kept."""


class JobProcess(ScrapyProcessProtocol):
    """Remembers exit status, signal and last words, which scrapyd's own forgets."""

    ended = Exit()
    _tail = ""

    def errReceived(self, data: bytes) -> None:
        self._tail = (self._tail + data.decode(errors="replace"))[-TAIL:]
        super().errReceived(data)

    def processEnded(self, status: Failure) -> None:
        self.ended = Exit(
            code=getattr(status.value, "exitCode", None),
            signal=getattr(status.value, "signal", None),
            last_words=self._tail.strip(),
        )
        super().processEnded(status)
