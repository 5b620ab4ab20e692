"""A ``HOME`` in which something of every item is in every place there is."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from items import Annotation, Comment, MediaFile, Post, Proposal, Seed, Video
from items.seed_yield import SeedYield
from items.transcript import Line, Transcript
from items.video_vector import VideoVector
from media.store import open_media
from model_server.likeness.head import Head
from model_server.likeness.profiles import Card, Profile, save_profile
from quality import Entry, NearIndex, fingerprint
from storage import Store, open_store
from storage.book import SEEDS, TOPICS
from storage.branch import Branch
from storage.jobs import Job, open_jobs
from storage.jobs.history import JobHistory
from storage.seeds_begun import note_begun
from storage.spool.refused import Refused
from storage.work import open_queue

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
STORY = (
    "재생에너지 발전 비중이 올해 처음으로 십 퍼센트를 넘었다고 전력거래소가 밝혔다. 태양광 설비가 "
    "크게 늘어난 데다 바람이 불어 풍력도 지난해보다 오 분의 일가량 늘어난 덕분이라고 설명했다."
)
SECRET = "the wedding of the harbour master was on a Tuesday in spring with all of his cousins"
OWN, SHARED, VECTORS = b"only kim's", b"also lee's", b"kim's vectors"


def key(data: bytes) -> str:
    return sha256(data).hexdigest()


def a_file(data: bytes, role: str) -> MediaFile:
    return MediaFile(key=key(data), role=role, content_type="x/y", size=len(data), source=role)


def scored() -> dict:
    answer = Annotation(tool="classify", engine="e5", version="1", score=0.8, value={"scores": {}})
    value = {"score": 0.9, "reasons": [], "language": "en", "twin": None, "of": ""}
    quality = Annotation(tool="quality", engine="rules", version="1", value=value)
    return {"category": "food", "classified_at": NOON, "annotations": [answer, quality]}


def items() -> list:
    """Kim's post with comments of others below, Lee's copy of it, and a video of theirs both."""
    more = scored() | {"fetched_at": NOON}
    kim = Post(platform="reddit", external_id="t3_kim", url="u", author="kim", text=STORY,
               media_files=[a_file(OWN, "video"), a_file(SHARED, "image"),
                            a_file(VECTORS, "vectors")], **more)  # fmt: skip
    reply = Comment(platform="reddit", external_id="t1_1", url="u", author="lee", text=SECRET,
                    root=kim.identity, parent=kim.identity, **more)  # fmt: skip
    deeper = Comment(platform="reddit", external_id="t1_2", url="u", author="park",
                     text="so it was", root=kim.identity, parent="reddit:t1_1", **more)  # fmt: skip
    copy = Post(platform="reddit", external_id="t3_lee", url="u", author="lee", text=STORY + "!",
                media_files=[a_file(SHARED, "image")], **more)  # fmt: skip
    other = Video(platform="youtube", external_id="v", url="u", author="kim", **more)
    return [kim, reply, deeper, copy, other]


KIMS = ["reddit:t3_kim", "reddit:t1_1", "reddit:t1_2"]
"""What goes with Kim's post."""
ASKED = [
    ("user", "https://www.reddit.com/user/Kim/top?t=all"), ("post", "kim"), ("subreddit", "tea"),
    ("user", "kimberley"),
]  # fmt: skip
"""Seeds: one names Kim, one Kim's post, the others nobody."""
OTHERS = ["reddit:t3_lee", "youtube:v"]


def fill(home: Path) -> Path:
    """Put the items everywhere."""
    with open_store("sqlite", home / "gleanery.db") as store:
        store.save(items())
        say_more(store)
        store.book(TOPICS).change(
            ["wind", "tea"],
            lambda name, _: {
                "key": name, "group": "", "at": None,
                "items": [{"identity": KIMS[0] if name == "wind" else OTHERS[0]}],
            },
        )  # fmt: skip
        seeds = [Seed(platform="reddit", kind=kind, value=value) for kind, value in ASKED]
        note_begun(store, "reddit-1", seeds, NOON)
        store.book(SEEDS).change(
            [seed.label for seed in seeds],
            lambda label, _: SeedYield(key=label, group="reddit", at=NOON).to_dict(),
        )
    ask(home)
    media = open_media(home / "media")
    for data in (OWN, SHARED, VECTORS):
        media.put_bytes(data)
    with open_queue("", home) as queue:
        for item in items():
            queue.put(item.identity, ["download"])
    with NearIndex(home / "near.db") as index:
        index.add(
            Entry(i.identity, getattr(i, "root", None) or i.identity, fingerprint(i.text))
            for i in items()
        )
    scratch = home / "work" / sha256(KIMS[0].encode()).hexdigest()[:32]
    scratch.mkdir(parents=True)
    (scratch / "half.mp4").write_bytes(b"half a video")
    teach(home / "profiles")
    return home


def set_aside(home: Path) -> Refused:
    """Have a store refuse Kim's other post, a reply to it, one of Lee's and two odd lines."""
    post = Post(platform="reddit", external_id="t3_bad", url="u", author="kim", text=SECRET)
    reply = Comment(platform="reddit", external_id="t1_bad", url="u", author="lee", text="oh",
                    root=post.identity)  # fmt: skip
    lees = Post(platform="reddit", external_id="t3_odd", url="u", author="lee", text="odd")
    refused = Refused(home / "spool" / "sqlite-1" / "refused.jsonl")
    refused.path.parent.mkdir(parents=True)
    refused.keep([(item, "too long") for item in (post, reply, lees)])
    newer = {"identity": "reddit:t9_n", "platform": "reddit", "author": "kim", "kind": "poll"}
    with refused.path.open("a") as file:
        file.write(json.dumps({"reason": "?", "refused_at": "", "item": newer}) + "\n")
        file.write(json.dumps({"reason": SECRET})[:-9])  # a crash cut it short
    return refused


def say_more(store: Store) -> None:
    """Keep what was heard and seen of Kim's post, and a category that was proposed for it."""
    made = {"engine": "e", "version": "1", "created_at": NOON.isoformat()}
    lines = (Line(0.0, 1.0, SECRET),)
    store.save_transcript(
        Transcript(identity=KIMS[0], sound=key(OWN), language="en", plan="", lines=lines, **made)
    )
    store.save_vector(VideoVector(identity=KIMS[0], video=key(OWN), values=(0.6, 0.8), **made))
    words = dict.fromkeys(("name_ko", "name_en", "description_ko", "description_en"), "말 words")
    store.propose(
        [Proposal(key="harbours", parent=None, evidence=[KIMS[0], OTHERS[0]], engine="e",
                  version="1", proposed_at=NOON, **words)]
    )  # fmt: skip


def ask(home: Path, get: Callable[[str], Any] = {"STORE": "sqlite"}.get) -> None:
    """Keep two jobs for Kim's page: one that has ended, with its chart, and one that waits."""
    arguments = {"user": ASKED[0][1], "subreddit": "tea"}
    labels = [f"reddit:{kind}={value}" for kind, value in arguments.items()]
    branches = [Branch(seed=label, depth=0, host="r.example") for label in labels]
    with closing(open_jobs(get, home)) as ledger:
        ledger.add(Job(job="ended", spider="reddit", arguments=arguments))
        ledger.add(Job(job="waits", spider="reddit", arguments={"user": "kim"}))
        ledger.take("ended", "node")
        JobHistory(ledger).keep_branches("ended", branches)
        ledger.end("ended", "finished")


def teach(folder: Path) -> None:
    """Keep a profile that learnt from two of the texts and one of its own."""
    rows = [{"text": text, "category": "food"} for text in (SECRET, "bread", STORY)]
    figures = {"accuracy": 1.0}
    card = Card(name="forum", version=0, created="2026-11-23T00:00:00+00:00", rows=3, sources={},
                taxonomy="1", weights="w", temperature=1.0, before=figures, inside=figures,
                across=figures)  # fmt: skip
    vectors = np.eye(3, 4, dtype=np.float32)
    weights = np.ones((3, 2), np.float32)
    head = Head(vectors=vectors, weights=weights, keys=("art", "food"))
    save_profile(Profile(card=card, head=head), rows, folder)


def bytes_of(home: Path) -> bytes:
    """All that is on the disk, file names included."""
    return b"".join(
        path.name.encode() + path.read_bytes() for path in home.rglob("*") if path.is_file()
    )


def in_export(folder: Path) -> list[str]:
    return [
        json.loads(line)["identity"]
        for shard in sorted(folder.glob("*.jsonl"))
        for line in shard.read_text("utf-8").splitlines()
    ]
