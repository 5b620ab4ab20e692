"""What a language model is asked."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_CONTROL = re.compile(
    r"<(?=[|｜])|(?<=[|｜])>|\[(?=/?INST\b)|<(?=/?(?:s|bos|eos|pad|unk|think)>)", re.IGNORECASE
)
"""Where chat formats begin or end a turn: ``<|im_end|>``, ``[/INST]``, ``</s>``."""
OPEN, CLOSE = "«", "»"
"""What a document stands between; it has none of them inside, so it cannot end itself."""


@dataclass(slots=True, kw_only=True, frozen=True)
class Question:
    """What a language model is asked: a part that repeats, a part that differs, a beginning."""

    instructions: str
    """The same for many questions, e.g. the taxonomy: what a prefix cache keeps. May be empty."""
    document: str
    """What this question is about. It holds strangers' words: never read special tokens in it."""
    answer: str = ""
    """How the answer begins, e.g. ``Category:``; the model goes on from there."""

    def go_on(self, words: str) -> Question:
        """Return the question whose answer goes on with ``words``; its beginning is this one."""
        return replace(self, answer=self.answer + words)


def quote(text: str) -> str:
    """Return ``text`` on one line in guillemets, without guillemets or chat marks inside."""
    line = " ".join(text.replace(OPEN, '"').replace(CLOSE, '"').split())
    return f"{OPEN}{_CONTROL.sub(' ', line)}{CLOSE}"
