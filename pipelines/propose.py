"""Ask a model for categories where stored items fit none; what it proposes, a person decides."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from items import Proposal, item_from_dict
from pipelines.classify import client_from_config, document_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gleanery.config import Config
    from model_server.client import ModelClient
    from model_server.schema import Document
    from storage import Store

AT_ONCE = 16
"""Documents shown together: enough to see what they share, few enough for a small context."""


@dataclass(slots=True, kw_only=True)
class ProposeResult:
    """What one run did."""

    shown: int = 0
    """Items that a model saw."""
    proposed: int = 0
    """Proposals it made, known ones included."""
    new: int = 0
    """Those that nobody had made before."""


def propose(
    config: Config,
    store: Store,
    *,
    limit: int | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> ProposeResult:
    """Show the items that need review to the model server, and keep what it proposes.

    Args:
        config: Says which model server and kinds.
        store: Open; keeps the proposals.
        limit: Items to show, at most.
        progress: Called with items shown and in all, after each batch.

    Raises:
        ModelToolError: No engine of the model server can propose.
        ModelUnavailableError: The model server is away; what was proposed so far is kept.
        StoreError: The store is away.
    """
    documents = islice(_doubtful(store, config.classify_kinds), limit)
    return asyncio.run(_run(client_from_config(config), store, documents, limit, progress))


def _doubtful(store: Store, kinds: Sequence[str]) -> Iterator[Document]:
    for row in store.scan(kinds=kinds):
        if row["needs_review"] and (document := document_of(item_from_dict(row))):
            yield document


async def _run(
    client: ModelClient,
    store: Store,
    documents: Iterator[Document],
    limit: int | None,
    progress: Callable[[int, int | None], None] | None,
) -> ProposeResult:
    result = ProposeResult()
    await client.open()
    try:
        while batch := await asyncio.to_thread(lambda: list(islice(documents, AT_ONCE))):
            answer = await client.propose_category(batch)
            proposals = [
                Proposal(**p.model_dump(), engine=answer.engine, version=answer.version)
                for p in answer.proposals
            ]
            result.new += await asyncio.to_thread(store.propose, proposals)
            result.proposed += len(proposals)
            result.shown += len(batch)
            if progress:
                progress(result.shown, limit)
    finally:
        await client.close()
    return result
