"""Scrapy's stats of all jobs, added up by spider: counters that outlive the crawls they count."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from typing import TYPE_CHECKING, Any

from crawlers.error_kinds import ERRORS
from monitoring.source import counter
from storage.jobs.job import instant

if TYPE_CHECKING:
    from prometheus_client import Metric

    from storage.jobs import Job

REMEMBERED = 10_000
"""Jobs whose last stats are kept; those longest untouched are forgotten first."""
MOST_SPIDERS = 50
"""Spiders told of by name; further ones count as ``other``."""
Key = tuple[str, str]
"""Which metric, and the value of its second label; empty if it has none."""

PLAIN = {
    "response_received_count": ("pages", ""),
    "downloader/request_count": ("requests", ""),
    "downloader/response_bytes": ("bytes", ""),
    "item_dropped_count": ("dropped", ""),
}
PREFIXES = {
    "classify/category/": "classified",
    "store/saved/": "items",
    "downloader/response_status_count/": "responses",
}
_FAMILIES = {
    "pages": ("Answers that reached a spider", ""),
    "requests": ("Requests sent, retries and robots.txt included", ""),
    "bytes": ("Bytes received, as they came over the wire", ""),
    "dropped": ("Items that a pipeline dropped", ""),
    "items": ("Items on disk", "kind"),
    "classified": ("Items that got a category", "category"),
    "responses": ("Answers by the first digit of their status", "status"),
    "errors": ("What went wrong", "kind"),
}


class CrawlCounts:
    """Adds up, from its making on; what a job had counted before is left out."""

    def __init__(self) -> None:
        self._began_at = instant()
        self._seen: OrderedDict[str, tuple[int, dict[Key, float]]] = OrderedDict()
        self._totals: defaultdict[str, Counter[Key]] = defaultdict(Counter)

    def note(self, job: Job) -> None:
        """Take a job's stats as they are now; the same ones again change nothing."""
        now = counted(job.stats)
        attempt, before = self._seen.pop(job.job, (0, None))
        if before is None or attempt != job.attempt:
            is_old = before is None and (job.started_at or "") < self._began_at
            before = now if is_old else {}
        totals = self._totals[self._spider(job.spider)]
        for key, value in now.items():
            totals[key] += max(0.0, value - before.get(key, 0.0))  # type: ignore[assignment]
        self._seen[job.job] = (job.attempt, now)
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)

    def metrics(self) -> list[Metric]:
        """Return ``gleanery_crawl_…_total``, by spider and by what each is parted by."""
        return [self._family(name, *about) for name, about in _FAMILIES.items()]

    def _family(self, name: str, text: str, label: str) -> Metric:
        values = {
            (spider, part) if label else (spider,): float(value)
            for spider, totals in self._totals.items()
            for (family, part), value in totals.items()
            if family == name
        }
        labels = ["spider", label] if label else ["spider"]
        return counter(f"gleanery_crawl_{name}", text, values, labels)

    def _spider(self, name: str) -> str:
        return name if name in self._totals or len(self._totals) < MOST_SPIDERS else "other"


def counted(stats: dict[str, Any]) -> dict[Key, float]:
    """Return the numbers of Scrapy's ``stats`` that are told of."""
    found: defaultdict[Key, float] = defaultdict(float)
    for name, value in stats.items():
        if isinstance(value, int | float) and (key := _key(name)):
            found[key] += value
    return dict(found)


def _key(name: str) -> Key | None:
    if name in PLAIN:
        return PLAIN[name]
    if name in ERRORS:
        return "errors", ERRORS[name]
    for prefix, family in PREFIXES.items():
        if name.startswith(prefix):
            part = name.removeprefix(prefix)
            return family, f"{part[:1]}xx" if family == "responses" else part
    return None
