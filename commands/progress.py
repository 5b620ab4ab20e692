"""How a crawl goes, while it goes: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Self

from commands.output import console, tell

if TYPE_CHECKING:
    from rich.progress import Progress
    from scrapy.crawler import Crawler


class CrawlWatcher:
    """Counts pages, items, depth and categories from the crawl's signals, and shows them."""

    def __init__(
        self,
        name: str,
        *,
        max_items: int = 0,
        terminal: bool | None = None,
        line_seconds: float = 5.0,
    ) -> None:
        """Prepare.

        Args:
            name: Shown in front, e.g. the platform.
            max_items: Where the bar ends; 0 = nobody knows, the bar pulses.
            terminal: Whether to draw a bar; by default, if stderr is a terminal.
            line_seconds: Shortest time between two lines where there is no bar.
        """
        self.name = name
        self.pages = self.items = self.depth = 0
        self.categories: Counter[str] = Counter()
        self._max_items = max_items
        self._bar: Progress | None = None
        self._terminal = sys.stderr.isatty() if terminal is None else terminal
        self._line_seconds = line_seconds
        self._last_line = time.monotonic()

    def watch(self, crawler: Crawler) -> None:
        """Connect to the crawl's signals."""
        from scrapy import signals

        # Scrapy holds receivers weakly: these are methods of an object that outlives the crawl
        crawler.signals.connect(self.page_fetched, signals.response_received)
        crawler.signals.connect(self.item_scraped, signals.item_scraped)

    def page_fetched(self) -> None:
        """Count a page."""
        self.pages += 1
        self._show()

    def item_scraped(self, item: Any) -> None:
        """Count an item that went through all pipelines."""
        self.items += 1
        self.depth = max(self.depth, getattr(item, "depth", 0))
        if category := getattr(item, "category", None):
            self.categories[category] += 1
        self._show()

    @property
    def line(self) -> str:
        """All counts on one line."""
        top = " ".join(f"{key} {count}" for key, count in self.categories.most_common(3))
        counts = f"pages {self.pages} · items {self.items} · depth {self.depth}"
        return f"{counts} · {len(self.categories)} categories{f' ({top} …)' if top else ''}"

    def __enter__(self) -> Self:
        if self._terminal:
            from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
            from rich.progress import TimeElapsedColumn as Elapsed

            self._bar = Progress(
                SpinnerColumn(),
                TextColumn("{task.fields[name]}", markup=False),
                BarColumn(bar_width=20),
                Elapsed(),
                TextColumn("{task.fields[line]}", markup=False),
                console=console(stderr=True),
                transient=True,
            )
            total = self._max_items or None
            self._task = self._bar.add_task("", total=total, name=self.name, line="")
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def _show(self) -> None:
        if self._bar:
            self._bar.update(self._task, completed=self.items, line=self.line)
        elif time.monotonic() - self._last_line >= self._line_seconds:
            self._last_line = time.monotonic()
            tell(self.name, self.line)
