"""Find hot topics among recent items, name them, and keep them under the names they had."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from gleanery.errors import ModelToolError, ModelUnavailableError
from items.clock import to_iso
from items.topic import Topic
from model_server.schema import Document
from pipelines.classify import client_from_config
from pipelines.topics.clustering import Cluster, Clustering, Terms, central, centred, keywords
from pipelines.topics.clustering import weighted as weigh
from pipelines.topics.gather import Text, gather, window
from pipelines.topics.growth import BASELINE, counts, growth, heat
from storage.topics import save_topics, topics

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from gleanery.config import Config
    from model_server.client import ModelClient
    from storage import Store

LEAST = 3
"""Texts of a topic, at least."""
AT_ONCE = 64
CENTRAL = 5
"""Items that a topic is named after."""
MOST_MEMBERS, MOST_RUNS = 200, 200
SAME = 0.3
"""Share of the smaller one's members that a topic and an earlier one have in common at least."""


@dataclass(slots=True, kw_only=True)
class TopicsResult:
    """What one run did."""

    topics: list[Topic]
    """The hottest first."""
    texts: int = 0
    """Texts looked at, copies counted once."""
    message: str = ""
    """Why no model took part; empty if one did."""


def find_topics(
    config: Config,
    store: Store,
    now: datetime,
    *,
    days: float,
    category: str | None = None,
    limit: int = 20,
    model: bool = True,
) -> TopicsResult:
    """Find topics, and keep them in the store.

    Args:
        config: Says which model server.
        store: Open.
        now: The end of the recent days.
        days: Length of the recent time; three times as much before it is what it is compared with.
        category: Only items of this one.
        limit: Topics at most.
        model: Whether to ask the model server for vectors and titles; terms do without it.

    Raises:
        StoreError: The store is away.
    """
    start, recent = window(now, days, BASELINE)
    texts = gather(store, start, now, category)
    client = client_from_config(config) if model and texts else None
    times = (start, recent, now)
    return asyncio.run(_run(client, store, texts, times, category=category, limit=limit))


async def _run(
    client: ModelClient | None,
    store: Store,
    texts: list[Text],
    times: tuple[datetime, datetime, datetime],
    *,
    category: str | None,
    limit: int,
) -> TopicsResult:
    result = TopicsResult(topics=[], texts=len(texts))
    if client:
        await client.open()
    try:
        vectors = await _vectors(client, texts, result)
        found = clustered(texts, vectors, times)[:limit]
        known = await asyncio.to_thread(topics, store, group=category or "", limit=500)
        for topic, cluster, terms in found:
            old = _earlier(topic, known)
            known = [t for t in known if t is not old]
            middle = [texts[n] for n in central(cluster, terms, CENTRAL)]
            topic.title = await _title(client, middle, result)
            result.topics.append(_named(topic, old, category or ""))
    finally:
        if client:
            await client.close()
    await asyncio.to_thread(save_topics, store, result.topics)
    return result


async def _vectors(
    client: ModelClient | None, texts: list[Text], result: TopicsResult
) -> NDArray[np.float32] | None:
    if client is None:
        return None
    rows: list[list[float]] = []
    try:
        for first in range(0, len(texts), AT_ONCE):
            said = [f"{t.title}\n{t.lead}" for t in texts[first : first + AT_ONCE]]
            rows += (await client.embed(said)).vectors
    except (ModelToolError, ModelUnavailableError) as error:
        result.message = f"without vectors (모델 없이): {error}"
        return None
    return centred(np.array(rows, dtype=np.float32))


async def _title(client: ModelClient | None, middle: list[Text], result: TopicsResult) -> str:
    """Return what the model calls the central items, else the headline of the first of them."""
    if client is None or result.message:
        return middle[0].title
    said = "\n".join(f"{text.title}. {text.lead[:200]}" for text in middle)
    try:
        answer = await client.title([Document(text=said)])
    except (ModelToolError, ModelUnavailableError):
        return middle[0].title
    return answer.results[0].text or middle[0].title


def clustered(
    texts: Sequence[Text],
    vectors: NDArray[np.float32] | None,
    times: tuple[datetime, datetime, datetime],
) -> list[tuple[Topic, Cluster, list[Terms]]]:
    """Return topics that grow, the hottest first, without names.

    Args:
        texts: In the order of time.
        vectors: One of each text, centred; ``None`` = terms only.
        times: Beginning, beginning of the recent time, end.
    """
    terms = weigh([text.terms for text in texts])
    clustering = Clustering(0 if vectors is None else vectors.shape[1])
    for number, own in enumerate(terms):
        clustering.add(number, own, None if vectors is None else vectors[number])
    lately = sum(text.at >= times[1] for text in texts)
    found = []
    for cluster in clustering.merged():
        if len(cluster.members) < LEAST:
            continue
        topic = _topic(cluster, texts, terms, times, (lately, len(texts) - lately))
        if topic.heat > 0:
            found.append((topic, cluster, terms))
    return sorted(found, key=lambda triple: (-triple[0].heat, triple[0].members[0]))


def _topic(
    cluster: Cluster,
    texts: Sequence[Text],
    terms: list[Terms],
    times: tuple[datetime, datetime, datetime],
    everything: tuple[int, int],
) -> Topic:
    mine = [texts[n] for n in central(cluster, terms, len(cluster.members))]
    fresh = [text for text in mine if text.at >= times[1]]
    grown = growth(len(fresh), len(mine) - len(fresh), *everything)
    platforms = Counter(name for text in mine for name in text.platforms)
    lively = sum(text.engagement for text in fresh) / max(1, len(fresh))
    return Topic(
        key="",
        at=times[2],
        first_at=times[2],
        keywords=keywords(cluster),
        members=[identity for text in mine for identity in text.members][:MOST_MEMBERS],
        platforms=dict(sorted(platforms.items())),
        recent=len(fresh),
        before=len(mine) - len(fresh),
        growth=round(grown.ratio, 3),
        z=round(grown.z, 3),
        engagement=round(lively, 3),
        heat=round(heat(grown.z, len(platforms), lively), 3) if fresh else 0.0,
        counts=counts([text.at for text in mine], times[0], times[2]),
    )


def _earlier(topic: Topic, known: Sequence[Topic]) -> Topic | None:
    """Return the topic of an earlier run that has most members in common, if enough."""
    mine = set(topic.members)

    def shared(other: Topic) -> float:
        return len(mine & set(other.members)) / min(len(mine), len(other.members) or 1)

    best = max(known, key=lambda other: (shared(other), other.at, other.key), default=None)
    return best if best is not None and shared(best) >= SAME else None


def _named(topic: Topic, old: Topic | None, category: str) -> Topic:
    """Give the topic the key and the history that it had, or a new key."""
    made = blake2b(f"{category} {topic.members[0]} {to_iso(topic.at)}".encode(), digest_size=8)
    topic.group, topic.key = category, old.key if old else made.hexdigest()
    topic.first_at = old.first_at if old else topic.at
    now = {"at": to_iso(topic.at), "recent": topic.recent, "before": topic.before,
           "heat": topic.heat}  # fmt: skip
    earlier = [run for run in (old.history if old else []) if run["at"] != now["at"]]
    topic.history = [*earlier, now][-MOST_RUNS:]
    return topic
