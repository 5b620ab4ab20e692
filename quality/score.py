"""The score of an item: a product of what speaks against it, each with its reason."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from quality.engagement import step_of
from quality.language import NO_LANGUAGE, identify, letters
from quality.wording import LINK, boilerplate_share, is_fragment, is_link_only

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from quality.near import Twin

VERSION = "quality-1"
"""Raise it with every change of a rule: what was scored by another one is scored again."""
ENOUGH = 120
"""Letters from which a text is long enough; a Hangul syllable counts as two."""
SURE_FROM = 20
"""Letters from which its language can be told."""
_REMOVED = {"[deleted]", "[removed]"}


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that speaks against an item."""

    part: str
    """``length``, ``language``, ``boilerplate``, ``fragment``, ``link_only``, ``removed``,
    ``duplicate``, ``near_duplicate`` or ``engagement``."""
    value: float
    """What it leaves of the score, in [0, 1)."""
    why: str
    """In words, with the numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What was found."""

    score: float
    """Product of the reasons' values, in [0, 1]; 1 without any."""
    reasons: list[Reason] = field(default_factory=list)
    """The worst first."""
    language: str = ""
    """As the words show; empty without letters."""
    twin: str | None = None
    """Identity of the earlier item that it is a copy of, exactly or nearly."""
    of: str = ""
    """Digest of what was scored: another one means that the item has changed since."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)


def text_of(row: Mapping[str, Any]) -> str:
    """Return an item's title and text."""
    title, text = row["title"], row["text"]
    return f"{title}\n{text}" if title and text else title or text


def input_digest(row: Mapping[str, Any]) -> str:
    """Return a digest of all that a score depends on within the item, 16 hexadecimal digits."""
    seen = [row["title"], row["text"], row["language"], row.get("removed"), step_of(row)]
    text = json.dumps(seen).encode()
    return hashlib.blake2b(text, digest_size=8).hexdigest()


def assess(
    row: Mapping[str, Any], *, twin: Twin | None = None, rank: float | None = None
) -> Quality:
    """Score an item.

    Args:
        row: What ``Item.to_dict`` gives.
        twin: The earliest item whose text is like its own (``NearIndex``).
        rank: Its place among the items of its source, in [0, 1] (``Standing``).
    """
    text = text_of(row)
    language, sure = identify(text)
    found = [
        *_of_words(row, text),
        *_of_language(row, text, language, sure),
        *_of_twin(twin),
        *_of_rank(rank),
    ]
    reasons = sorted((r for r in found if r.value < 1), key=lambda r: (r.value, r.part))
    return Quality(
        score=round(math.prod(reason.value for reason in reasons), 4),
        reasons=reasons,
        language=language if language != NO_LANGUAGE else "",
        twin=twin.identity if twin else None,
        of=input_digest(row),
    )


def _of_words(row: Mapping[str, Any], text: str) -> Iterator[Reason]:
    if row.get("removed") or row["text"] in _REMOVED:
        yield Reason("removed", 0.0, f"{row.get('removed') or 'removed'} at its source")
    size = letters(LINK.sub(" ", text))
    weight = size + sum("가" <= letter <= "힣" for letter in text)
    length = min(math.log1p(weight) / math.log1p(ENOUGH), 1.0)
    yield Reason("length", round(length, 3), f"{size} letters")
    if is_link_only(text):
        yield Reason("link_only", 0.15, "a link and no words")
    elif is_fragment(text):
        yield Reason("fragment", 0.1, "says nothing without what it answers")
    elif row.get("link") and not row["text"]:
        yield Reason("link_only", 0.7, "a title and a link")
    if share := boilerplate_share(text):
        yield Reason("boilerplate", round(1 - share, 3), f"{share:.0%} set phrases or repeated")


def _of_language(row: Mapping[str, Any], text: str, language: str, sure: float) -> Iterator[Reason]:
    if letters(text) < SURE_FROM:
        return
    if language == NO_LANGUAGE:
        yield Reason("language", 0.2, "no language")
    elif language != (row["language"] or "").split("-")[0].lower():
        yield Reason("language", round(0.4 + 0.6 * sure, 3), f"{sure:.0%} sure of {language}")


def _of_twin(twin: Twin | None) -> Iterator[Reason]:
    if twin and twin.likeness >= 1:
        yield Reason("duplicate", 0.2, f"the same as {twin.identity}")
    elif twin:
        value = round(1 - 0.7 * twin.likeness, 3)
        yield Reason("near_duplicate", value, f"{twin.likeness:.0%} like {twin.identity}")


def _of_rank(rank: float | None) -> Iterator[Reason]:
    if rank is not None:
        yield Reason("engagement", round(0.8 + 0.2 * rank, 3), f"ahead of {rank:.0%} of its source")
