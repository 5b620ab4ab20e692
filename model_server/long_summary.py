"""Sum up texts longer than a call takes: in pieces, and then the sum of these."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from model_server.client import ModelClient
from model_server.schema import MAX_CHARACTERS, MAX_DOCUMENTS, Document, Words

ROUNDS = 6
"""Times that summaries are summed up again at most: each shortens the text several times over."""
_SENTENCE = re.compile(r"(?<=[.!?。…])\s+")


async def summarize_long(
    client: ModelClient, text: str, *, title: str = "", language: str | None = None
) -> Words:
    """Return one summary of ``text``, however long it is; empty, by no engine, for an empty one.

    Args:
        client: An open one.
        text: Of any length.
        title: What the engine is told of each piece beside its text.
        language: ISO 639-1 code, if it is known.

    Raises:
        ModelUnavailableError: No answer in time.
        ModelToolError: No engine can, or it refused.
    """
    summary = Words(id=None, text="", engine="", version="")
    for _ in range(ROUNDS):
        pieces = list(split(text, MAX_CHARACTERS))
        if not pieces:
            break
        documents = [Document(title=title, text=piece, language=language) for piece in pieces]
        summaries = await _summaries(client, documents)
        shorter = " ".join(one.text for one in summaries if one.text)
        summary = summaries[-1].model_copy(update={"text": shorter})
        if len(pieces) == 1 or len(shorter) >= len(text):
            break
        text = shorter
    return summary


async def _summaries(client: ModelClient, documents: Sequence[Document]) -> list[Words]:
    found: list[Words] = []
    for start in range(0, len(documents), MAX_DOCUMENTS):
        found += (await client.summarize(documents[start : start + MAX_DOCUMENTS])).results
    return found


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
