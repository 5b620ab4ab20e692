"""Sum up texts longer than a call takes: in pieces, and then the sum of these."""

from __future__ import annotations

import re
from collections.abc import Iterator

from model_server.client import ModelClient
from model_server.schema import MAX_CHARACTERS, MAX_DOCUMENTS, Document

ROUNDS = 6
"""Times that summaries are summed up again at most: each shortens the text several times over."""
_SENTENCE = re.compile(r"(?<=[.!?。…])\s+")


async def summarize_long(client: ModelClient, text: str, *, language: str | None = None) -> str:
    """Return one summary of ``text``, however long it is; empty for an empty one.

    Raises:
        ModelUnavailableError: No answer in time.
        ModelToolError: No engine can, or it refused.
    """
    for _ in range(ROUNDS):
        pieces = list(split(text, MAX_CHARACTERS))
        if not pieces:
            return ""
        summaries: list[str] = []
        for start in range(0, len(pieces), MAX_DOCUMENTS):
            some = pieces[start : start + MAX_DOCUMENTS]
            documents = [Document(text=piece, language=language) for piece in some]
            summaries += [w.text for w in (await client.summarize(documents)).results]
        shorter = " ".join(summary for summary in summaries if summary)
        if len(pieces) == 1 or len(shorter) >= len(text):
            return shorter
        text = shorter
    return shorter


def split(text: str, longest: int) -> Iterator[str]:
    """Yield pieces of at most ``longest`` characters, whole sentences where they fit."""
    held = ""
    for sentence in _SENTENCE.split(text.strip()):
        rest = sentence
        while len(rest) > longest:  # a sentence without end: cut at a space, if there is one
            if held:
                yield held
                held = ""
            place = rest.rfind(" ", 1, longest) if " " in rest[1:longest] else longest
            yield rest[:place].strip()
            rest = rest[place:].strip()
        if held and len(held) + 1 + len(rest) > longest:
            yield held
            held = ""
        held = f"{held} {rest}".strip()
    if held:
        yield held
