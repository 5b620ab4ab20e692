"""What the report shows, counted in one pass over the store."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from commands.output import printable
from commands.report_map import MAX_DOTS, Map, Spot, lay_out
from commands.timeline import MINUTE, Column, columns
from items import load_taxonomy
from items.clock import to_iso, utc_now

if TYPE_CHECKING:
    from collections.abc import Iterable

    from storage import Store

TITLES_OF_CATEGORY = 6
"""Newest titles shown under each category."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One item as the report lists it."""

    title: str
    url: str | None
    """Address to open; ``None`` unless it is http(s)."""
    platform: str
    kind: str
    category: str | None
    when: str
    """ISO date and time, UTC."""
    needs_review: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A share of a bar."""

    platform: str
    count: int
    percent: float
    """Of the longest bar of its chart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar, split by platform."""

    key: str
    name_ko: str = ""
    name_en: str = ""
    count: int
    parts: list[Part]
    newest: list[Entry] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportData:
    """Everything the template needs."""

    made_at: str
    total: int
    classified: int
    unclassified: int
    needs_review: int
    platforms: list[tuple[str, int]]
    kinds: list[tuple[str, int]]
    languages: list[tuple[str, int]]
    categories: list[Bar]
    depths: list[Bar]
    map: Map
    published: list[Column]
    collected: list[Column]
    newest: list[Entry]


class Tally:
    """Counts items one by one; keeps only the newest titles."""

    def __init__(self, *, newest: int, items_per_dot: int) -> None:
        self.items_per_dot = items_per_dot
        self.spots: list[Spot] = []
        self.kinds: Counter[str] = Counter()
        self.platforms: Counter[str] = Counter()
        self.languages: Counter[str] = Counter()
        self.categories: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.depths: defaultdict[int, Counter[str]] = defaultdict(Counter)
        self.published: Counter[str] = Counter()
        self.collected: Counter[str] = Counter()
        self.newest = _Newest(newest)
        self.of_category: defaultdict[str, _Newest] = defaultdict(
            lambda: _Newest(TITLES_OF_CATEGORY)
        )

    def add(self, row: dict[str, Any]) -> None:
        """Count one row of the store."""
        platform, minor = row["platform"], row["kind"] in ("comment", "author")
        if self.kinds.total() % self.items_per_dot == 0:
            self.spots.append(
                Spot(depth=row["depth"], platform=platform, minor=minor, title=_title(row))
            )
        self.kinds[row["kind"]] += 1
        self.platforms[platform] += 1
        self.depths[row["depth"]][platform] += 1
        self.collected[row["fetched_at"][:MINUTE]] += 1
        if row["language"]:
            self.languages[row["language"]] += 1
        if row["published_at"]:
            self.published[row["published_at"][:MINUTE]] += 1
        if row["category"]:
            self.categories[row["category"]][platform] += 1
        if not minor:
            self.newest.add(row)
            self.of_category[row["category"] or ""].add(row)


class _Newest:
    """The newest rows, by when they were published, else fetched."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._rows: list[tuple[str, str, Entry]] = []

    def add(self, row: dict[str, Any]) -> None:
        when = row["published_at"] or row["fetched_at"]
        if len(self._rows) >= self._size and (when, row["identity"]) <= self._rows[-1][:2]:
            return
        self._rows.append((when, row["identity"], _entry(row, when)))
        self._rows.sort(key=lambda r: r[:2], reverse=True)
        del self._rows[self._size :]

    @property
    def entries(self) -> list[Entry]:
        return [entry for _, _, entry in self._rows]


def gather(store: Store, *, newest: int, classified_kinds: Iterable[str]) -> ReportData:
    """Read the whole store once.

    Args:
        store: Open.
        newest: Titles listed at the end.
        classified_kinds: Kinds that get a category; others never count as unclassified.
    """
    counted = store.stats(classified_kinds=tuple(classified_kinds))
    tally = Tally(newest=newest, items_per_dot=ceil(counted.total / MAX_DOTS) or 1)
    for row in store.scan():
        tally.add(row)
    return ReportData(
        made_at=to_iso(utc_now())[:16].replace("T", " "),
        total=tally.kinds.total(),
        classified=sum(c.total() for c in tally.categories.values()),
        unclassified=counted.unclassified,
        needs_review=counted.needs_review,
        platforms=tally.platforms.most_common(),
        kinds=tally.kinds.most_common(),
        languages=tally.languages.most_common(8),
        categories=_category_bars(tally),
        depths=_bars({str(d): tally.depths[d] for d in sorted(tally.depths)}),
        map=lay_out(tally.spots, items_per_dot=tally.items_per_dot),
        published=columns(tally.published),
        collected=columns(tally.collected),
        newest=tally.newest.entries,
    )


def _category_bars(tally: Tally) -> list[Bar]:
    known = {c.key: c for c in load_taxonomy().categories}
    counts = {key: tally.categories.get(key, Counter()) for key in known} | tally.categories
    bars = sorted(_bars(counts), key=lambda bar: -bar.count)
    named = []
    for bar in bars:
        category = known.get(bar.key)
        named.append(
            Bar(
                key=bar.key,
                name_ko=category.name_ko if category else bar.key,
                name_en=category.name_en if category else "",
                count=bar.count,
                parts=bar.parts,
                newest=tally.of_category[bar.key].entries,
            )
        )
    return named


def _bars(counts: dict[str, Counter[str]]) -> list[Bar]:
    longest = max((c.total() for c in counts.values()), default=0) or 1
    return [
        Bar(
            key=key,
            count=count.total(),
            parts=[
                Part(platform=name, count=n, percent=round(100 * n / longest, 2))
                for name, n in sorted(count.items())
            ],
        )
        for key, count in counts.items()
    ]


def _entry(row: dict[str, Any], when: str) -> Entry:
    return Entry(
        title=_title(row),
        url=_safe(row["url"]),
        platform=row["platform"],
        kind=row["kind"],
        category=row["category"],
        when=when[:16].replace("T", " "),
        needs_review=bool(row["needs_review"]),
    )


def _title(row: dict[str, Any]) -> str:
    return printable(row["headline"] or row["title"] or row["text"][:80]) or str(row["identity"])


def _safe(url: str) -> str | None:
    """Return ``url`` if following it opens a web page (no ``javascript:``, no ``data:``)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None
