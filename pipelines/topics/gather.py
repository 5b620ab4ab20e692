"""Recent items out of a store, as far as topics need them; copies of one text count once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from items.clock import from_iso
from items.visit import VISITED_KINDS
from quality.fingerprint import Fingerprint, fingerprint
from quality.near import THRESHOLD
from storage.words import terms

if TYPE_CHECKING:
    from storage import Store
    from storage.store import Row

MOST, MOST_READ = 5_000, 20_000
"""Items that are looked at, and rows that are read for them, the newest ones."""
LEAD = 300
"""Characters of a text that are looked at, besides the title."""


@dataclass(slots=True)
class Text:
    """One text, and the items that carry it."""

    at: datetime
    """When it appeared first."""
    title: str
    lead: str
    terms: set[str]
    members: list[str]
    """Identities."""
    platforms: list[str]
    """Of the members, in their order."""
    engagement: float
    """In [0, 1]; 0.5 is about a thousand views or votes."""


def gather(store: Store, start: datetime, end: datetime, category: str | None) -> list[Text]:
    """Return the texts that appeared between the two, in the order of time."""
    rows = store.latest(limit=MOST_READ, category=category)
    kept = [row for row in rows if row["kind"] in VISITED_KINDS][:MOST]
    dated = sorted(
        ((at, row["identity"], row) for row in kept if start <= (at := _instant(row, end)) <= end),
        key=lambda triple: triple[:2],
    )
    texts: list[Text] = []
    known = _Copies()
    for at, identity, row in dated:
        title = (row["headline"] or row["title"] or row["text"][:80]).strip()
        lead = row["text"][:LEAD]
        said = f"{row['title']}\n{lead}".strip()
        if not said:
            continue
        place = known.find(said, len(texts))
        if place == len(texts):
            texts.append(Text(at, title, lead, terms(said), [], [], 0.0))
        texts[place].members.append(identity)
        texts[place].platforms.append(row["platform"])
        texts[place].engagement = max(texts[place].engagement, _engagement(row))
    return texts


def _instant(row: Row, end: datetime) -> datetime:
    """Return when it appeared; when we fetched it, if that is not stated or lies ahead."""
    fetched = from_iso(row["fetched_at"])
    published = from_iso(row["published_at"])
    assert fetched
    return published if published and published <= end else fetched


def _engagement(row: Row) -> float:
    names = ("view_count", "like_count", "score", "comment_count")
    count = max((row.get(name) or 0 for name in names), default=0)
    return min(1.0, math.log2(1 + max(0, count)) / 20)


class _Copies:
    """Places of texts by their fingerprints."""

    def __init__(self) -> None:
        self._bands: dict[int, list[tuple[int, Fingerprint]]] = {}

    def find(self, text: str, new: int) -> int:
        """Return the place of a text that this one is a copy of, else ``new``, and keep it."""
        mark = fingerprint(text)
        if mark is None:
            return new
        for band in mark.bands:
            for place, other in self._bands.get(band, ()):
                if float(mark.likeness(other.signature[None, :])[0]) >= THRESHOLD:
                    return place
        for band in mark.bands:
            same = self._bands.setdefault(band, [])
            if len(same) < 16:
                same.append((new, mark))
        return new


def window(now: datetime, days: float, baseline: int) -> tuple[datetime, datetime]:
    """Return where the days that are looked at begin, and where the recent ones do."""
    recent = now - timedelta(days=days)
    return recent - timedelta(days=days * baseline), recent
