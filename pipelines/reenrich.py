"""Classify what was stored while the model server was away: ``python -m pipelines.reenrich``."""

from __future__ import annotations

import argparse
import asyncio
import sys
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from gleanery.config import Config, load_config
from gleanery.errors import GleaneryError, ModelToolError, ModelUnavailableError
from gleanery.logs import start_logs
from items import item_from_dict
from model_server.schema import MAX_DOCUMENTS
from pipelines.classify import annotate, check_kinds, client_from_config, document_of
from pipelines.focus import judge
from storage import configured_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from items import Item
    from model_server.client import ModelClient
    from model_server.schema import Classification
    from storage import Store
    from storage.store import Row


@dataclass(slots=True, kw_only=True)
class ReenrichResult:
    """What one run did; every item counts once."""

    classified: int = 0
    empty: int = 0
    """Without a title and a text: nothing to classify."""
    refused: int = 0
    """The tool refused them."""
    unavailable: int = 0
    """The model server went away: run again."""
    categories: dict[str, int] = field(default_factory=dict)
    """Classified items by category."""
    message: str = ""
    """What went wrong last; empty if nothing did."""

    @property
    def seen(self) -> int:
        """Items looked at."""
        return self.classified + self.empty + self.refused + self.unavailable


def reenrich(
    config: Config,
    *,
    identities: Sequence[str] | None = None,
    limit: int | None = None,
    progress: Callable[[ReenrichResult], None] | None = None,
) -> ReenrichResult:
    """Classify stored items that have no category yet; run it as often as you like.

    Each batch is saved before the next one begins, so a run that was stopped loses nothing, and
    the next one goes on where it was. Items classified meanwhile by somebody else are left alone.

    Args:
        config: Says which store, model server and kinds.
        identities: Only these; ``None`` = all.
        limit: Items to look at, at most.
        progress: Called after each batch.

    Raises:
        GleaneryError: A setting is wrong, or the store is away.
    """
    kinds = sorted(check_kinds(config.classify_kinds))
    client = client_from_config(config)
    with configured_store(config.scrapy_settings().get) as store:
        rows = islice(_waiting(store, kinds, identities), limit)
        return asyncio.run(_run(store, client, rows, progress))


def _waiting(store: Store, kinds: Sequence[str], identities: Sequence[str] | None) -> Iterator[Row]:
    if identities is None:
        yield from store.scan(unclassified=True, kinds=kinds)
        return
    for start in range(0, len(identities), MAX_DOCUMENTS):
        for row in store.rows(identities[start : start + MAX_DOCUMENTS]):
            if not row["classified_at"] and row["kind"] in kinds:
                yield row


async def _run(
    store: Store,
    client: ModelClient,
    rows: Iterator[Row],
    progress: Callable[[ReenrichResult], None] | None,
) -> ReenrichResult:
    result = ReenrichResult()
    await client.open()
    try:
        while batch := await asyncio.to_thread(lambda: list(islice(rows, MAX_DOCUMENTS))):
            answers = await _ask(client, [item_from_dict(row) for row in batch], result)
            await asyncio.to_thread(_save, store, answers)
            if progress:
                progress(result)
            if result.unavailable:
                break
    finally:
        await client.close()
    return result


async def _ask(
    client: ModelClient, items: Sequence[Item], result: ReenrichResult
) -> dict[str, Classification]:
    """Return the answers by identity, and count."""
    documents = [d for item in items if (d := document_of(item))]
    result.empty += len(items) - len(documents)
    outcomes = await asyncio.gather(
        *(client.classify(d) for d in documents), return_exceptions=True
    )
    answers = {}
    for document, outcome in zip(documents, outcomes, strict=True):
        if isinstance(outcome, ModelUnavailableError):
            result.unavailable += 1
            result.message = str(outcome)
        elif isinstance(outcome, ModelToolError):
            result.refused += 1
            result.message = str(outcome)
        elif isinstance(outcome, BaseException):
            raise outcome
        else:
            result.classified += 1
            counts = result.categories
            counts[outcome.category] = counts.get(outcome.category, 0) + 1
            answers[str(document.id)] = outcome
    return answers


def _save(store: Store, answers: dict[str, Classification]) -> None:
    """Lay the answers over the items as they are now: a crawl may have written meanwhile."""

    def change(item: Item) -> None:
        if not item.classified_at:
            annotate(item, answers[item.identity])
            judge(item)

    store.update_many(dict.fromkeys(answers, change))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; return 0, 1 (the server went away) or 2 (a setting is wrong)."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.reenrich", description=__doc__)
    parser.add_argument("--limit", type=int, help="look at so many items at most")
    options = parser.parse_args(arguments)
    try:
        config = load_config()
        start_logs(config, level="WARNING")
        result = reenrich(config, limit=options.limit, progress=_show)
    except GleaneryError as error:
        sys.stderr.write(f"reenrich: {error}\n")
        return 2
    sys.stdout.write(
        f"{result.classified} classified, {result.empty} without words, {result.refused} refused, "
        f"{result.unavailable} unavailable\n"
    )
    if result.message:
        sys.stderr.write(f"{result.message}\n")
    return 1 if result.unavailable else 0


def _show(result: ReenrichResult) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{result.seen} items, {result.classified} classified")


if __name__ == "__main__":
    sys.exit(main())
