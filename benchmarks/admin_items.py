"""What ``benchmarks.admin`` puts into the store: items of all kinds, and what hangs on them."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from benchmarks.storage import words
from items import Annotation, Article, Comment, Item, MediaFile, Post, Proposal, Seed, Video
from items.seed_yield import SeedYield
from items.taxonomy import load_taxonomy
from items.topic import Topic
from items.transcript import Line, Transcript
from items.video_vector import VideoVector
from storage.book import SEEDS, VECTORS
from storage.seeds_begun import note_begun
from storage.topics import save_topics
from storage.video_vectors import record_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from media.store import MediaStore
    from storage import Store

BATCH = 2000
WRITTEN = 100_000
"""Items that the store itself writes; the others are copies of these with other names and times."""
PICTURES, SEEDED, TOPICS, PROPOSALS = 64, 2000, 500, 40
SPOKEN, LINES = 200, 600
"""Videos with a transcript, and its lines."""
DIM = 768
CROWDED = 20
"""Every so-manieth comment stands under the first post, the others under the one before them."""
EVERY_SECONDS = 30
"""Between two items."""
END = datetime.now(UTC).replace(microsecond=0)
_COPIED = """
WITH named AS (
    SELECT *, id - 1 + :past AS number,
        rtrim(identity, '0123456789') || (id - 1 + :past) AS own,
        CASE WHEN root IN ('youtube:v0') THEN root
            ELSE rtrim(root, '0123456789') || (id - 1 + :past - (id - 1) % 4) END AS above,
        strftime('%Y-%m-%dT%H:%M:%S', fetched_at, :seconds) || '+00:00' AS fetched,
        strftime('%Y-%m-%dT%H:%M:%S', published_at, :seconds) || '+00:00' AS published
    FROM items WHERE id <= :most
)
INSERT INTO items
SELECT number + 1, own, platform, kind, depth, category, subcategory, language, author, above,
    quality, needs_review, classified_at, published, fetched,
    json_set(body, '$.identity', own, '$.external_id', substr(own, instr(own, ':') + 1),
        '$.root', above, '$.parent', above, '$.fetched_at', fetched, '$.published_at', published)
FROM named
"""
_COPIES = (
    _COPIED,
    "INSERT INTO terms (rowid, title, text)"
    " SELECT rowid + :past, title, text FROM terms WHERE rowid <= :most",
)


@cache
def categories() -> list[str]:
    """Return the keys of all categories."""
    return list(load_taxonomy().keys)


@cache
def vocabulary() -> list[str]:
    """Return 20,000 words, Korean and English."""
    return words(random.Random(0))


def pictures(media: MediaStore) -> list[str]:
    """Put pictures as cameras take them into the media store; return their keys."""
    rng, keys = np.random.default_rng(0), []
    for _ in range(PICTURES):
        rough = rng.integers(0, 256, (30, 40, 3), dtype=np.uint8)
        smooth = cv2.resize(rough, (1600, 1200), interpolation=cv2.INTER_CUBIC)
        grain = rng.integers(0, 12, smooth.shape, dtype=np.uint8)
        keys.append(media.put_bytes(cv2.imencode(".jpg", cv2.add(smooth, grain))[1].tobytes()).key)
    return keys


def root_of(number: int) -> str:
    """Return the identity of what the item ``number`` stands under, itself if under nothing."""
    number -= number % 4
    if number // 4 % 10 == 0:
        return f"youtube:v{number}"
    return f"web:https://site.example/{number}" if number // 4 % 10 < 3 else f"reddit:t3_{number}"


def made(number: int, total: int, keys: list[str]) -> Item:
    """Return the item ``number`` of ``total``, as :func:`root_of` calls it or a comment."""
    rng = random.Random(number)
    shared: dict[str, Any] = {
        "fetched_at": END - timedelta(seconds=EVERY_SECONDS * (total - number)),
        "published_at": END - timedelta(seconds=EVERY_SECONDS * (total - number) + 3600),
        "author": f"author {rng.randrange(50_000)}",
        "language": rng.choice(("ko", "en")),
        "seed": f"reddit:subreddit=s{number % SEEDED}",
        "depth": number % 6,
    }
    if number % 4:
        root = root_of(0 if rng.randrange(CROWDED) == 0 else number)
        platform = root.partition(":")[0]
        return Comment(
            platform=platform, external_id=f"c{number}", url=f"https://x.example/{number}",
            text=_said(rng, 18), root=root, parent=root, **shared,
        )  # fmt: skip
    platform, _, name = root_of(number).partition(":")
    category = rng.choice(categories())
    scores = {category: 0.7, rng.choice(categories()): 0.2}
    value = {"category": category, "scores": scores}
    kind = {"youtube": Video, "web": Article, "reddit": Post}[platform]
    files = [MediaFile(key=rng.choice(keys), role="image", content_type="image/jpeg", size=1)]
    return kind(
        platform=platform, external_id=name, url=f"https://x.example/{number}",
        title=_said(rng, 8), text=_said(rng, 40), category=category, classified_at=END,
        needs_review=rng.random() < 0.02, media_files=files if number % 8 == 0 else [],
        annotations=[
            Annotation(tool="classify", engine="e5", version="1", value=value, score=0.7),
            Annotation(tool="quality", engine="r", version="1", value={"score": rng.random()}),
        ], **shared,
    )  # fmt: skip


def fill(store: Store, media: MediaStore, total: int) -> list[str]:
    """Save ``total`` items, and what hangs on them; return the keys of their pictures."""
    keys = pictures(media)
    written = min(total, WRITTEN)
    for first in range(0, written, BATCH):
        store.save([made(n, total, keys) for n in range(first, min(first + BATCH, written))])
    with closing(sqlite3.connect(store.path)) as db, db:
        for copied in range(written, total, written):
            for statement in _COPIES:
                values = {"past": copied, "most": min(written, total - copied)}
                db.execute(statement, values | {"seconds": f"+{copied * EVERY_SECONDS} seconds"})
    videos = [root_of(n) for n in range(0, total, 40)]
    _vectors(store, videos)
    for identity in videos[:SPOKEN]:
        store.save_transcript(_transcript(identity))
    yields = {f"reddit:subreddit=s{n}": n for n in range(SEEDED)}
    records = {key: _seed(key, n).to_dict() for key, n in yields.items()}
    store.book(SEEDS).change([*records], lambda key, _: records[key])
    for number in range(0, SEEDED, 40):
        values = (f"s{n}" for n in range(number, number + 40))
        seeds = [Seed(platform="reddit", kind="subreddit", value=value) for value in values]
        note_begun(store, f"reddit-{number:012x}", seeds, END)
    save_topics(store, [*_topics(total)])
    store.propose([*_proposals()])
    return keys


def _said(rng: random.Random, length: int) -> str:
    return " ".join(rng.choices(vocabulary(), k=length))


def _vectors(store: Store, videos: list[str]) -> None:
    rng = np.random.default_rng(1)
    for first in range(0, len(videos), BATCH):
        part = videos[first : first + BATCH]
        values = rng.standard_normal((len(part), DIM))
        values /= np.linalg.norm(values, axis=1, keepdims=True)
        known = {"video": "0" * 64, "engine": "timesformer", "version": "1"}
        known |= {"created_at": END.isoformat()}
        records = {}
        for identity, row in zip(part, values.tolist(), strict=True):
            record = record_of(VideoVector(identity=identity, values=tuple(row), **known))
            records[record["key"]] = record
        store.book(VECTORS).change([*records], lambda key, _, known=records: known[key])


def _transcript(identity: str) -> Transcript:
    rng = random.Random(identity)
    lines = tuple(Line(5.0 * n, 5.0 * n + 5, _said(rng, 8)) for n in range(LINES))
    return Transcript(
        identity=identity, sound="1" * 64, language="ko", lines=lines, engine="faster_whisper",
        version="1", plan="transcribe", created_at=END.isoformat(),
    )  # fmt: skip


def _seed(key: str, number: int) -> SeedYield:
    good = float(number % 50)
    return SeedYield(key=key, group="reddit", at=END, requests=100.0, items=80.0, good=good)


def _topics(total: int) -> Iterator[Topic]:
    rng = random.Random(2)
    for number in range(TOPICS):
        members = [root_of(4 * rng.randrange(total // 4)) for _ in range(50)]
        yield Topic(
            key=f"{number:016x}", at=END, first_at=END, title=_said(rng, 6), recent=40, before=60,
            keywords=rng.choices(vocabulary(), k=8), members=list(dict.fromkeys(members)),
            platforms={"reddit": 30, "web": 20}, growth=2.0, z=4.0, heat=rng.random(),
            counts=[rng.randrange(9) for _ in range(24)],
            history=[{"at": END.isoformat(), "recent": 1, "before": 1, "heat": 1.0}] * 50,
        )  # fmt: skip


def _proposals() -> Iterator[Proposal]:
    for number in range(PROPOSALS):
        yield Proposal(
            key=f"new_{number}", parent=None, name_ko="새 분류", name_en="New", engine="e5",
            description_ko="이야기", description_en="Stories", version="1",
            evidence=[root_of(4 * n) for n in range(number, number + 20)],
        )  # fmt: skip
