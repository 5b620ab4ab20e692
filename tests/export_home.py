"""A ``HOME`` to export from, and what reads its exports."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from items import Annotation, Article, Comment, MediaFile, Post, Video
from media.store import open_media
from storage import open_store
from tests.cli import gleanery

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
WORDS = """kettle winter garlic soy noodle broth market morning grandmother recipe pepper slice
    simmer 국물 마늘
    간장 국수 시장 아침 할머니 조리법 후추 썰다 끓이다 된장 고추 참기름 쌀밥 김치""".split()  # noqa: SIM905
SPLIT = ("--split", "0.6/0.2/0.2")


def a_text(number: int) -> str:
    dice = np.random.default_rng(number)
    return " ".join(dice.choice(WORDS, 40)) + f" {number}."


def classified(item, *, category="food", tool="classify"):
    answer = Annotation(
        tool=tool, engine="e5", version="1", score=0.8, value={"scores": {"food": 0.8, "art": 0.1}}
    )
    scored = Annotation(
        tool="quality", engine="rules", version="test",
        value={"score": 0.9, "reasons": [], "language": "en", "twin": None, "of": ""},
    )  # fmt: skip
    item.category, item.classified_at, item.fetched_at = category, NOON, NOON
    item.annotations = [answer, scored]
    return item


def threads(count: int) -> list:
    """Posts with two comments each; every fourth post is a copy of the one before it."""
    items = []
    for n in range(count):
        text = a_text(n - 1 if n % 4 == 3 else n)
        post = Post(platform="reddit", external_id=f"t3_{n}", url="https://e.com", text=text,
                    community="cooking")  # fmt: skip
        items.append(classified(post))
        for k in range(2):
            comment = Comment(platform="reddit", external_id=f"t1_{n}_{k}", url="https://e.com",
                              text=a_text(10_000 + 2 * n + k), root=post.identity)  # fmt: skip
            items.append(classified(comment))
    return items


def home_of(folder: Path, items: list) -> Path:
    with open_store("sqlite", folder / "gleanery.db") as store:
        for n in range(0, len(items), 1000):
            store.save(items[n : n + 1000])
    return folder


def scored_home(folder: Path) -> Path:
    """A store that ``gleanery quality`` has scored: 40 threads, a video with files, junk."""
    media = open_media(folder / "media")
    from safetensors.numpy import save

    vectors = media.put_bytes(save({"video": np.arange(4, dtype=np.float32)}))
    clip = media.put_bytes(b"moving pictures")
    video = Video(
        platform="youtube", external_id="v1", url="https://y.com/v1", title="김치 담그는 법",
        text=a_text(5000), licence="creative_commons", channel_id="UC1",
        published_at=NOON.replace(microsecond=250_000),
        media_files=[
            MediaFile(key=clip.key, role="video", content_type="video/mp4", size=clip.size),
            MediaFile(key=vectors.key, role="vectors", content_type="application/x-safetensors",
                      size=vectors.size),
        ],
    )  # fmt: skip
    classified(video, tool="person")
    video.annotations.append(
        Annotation(tool="transcribe", engine="w", version="1", value={"text": "배추를 절입니다"})
    )
    junk = classified(Comment(platform="reddit", external_id="t1_x", url="u", text="this"))
    other = classified(
        Article(platform="web", external_id="u", url="https://e.com", text=a_text(7777)),
        category="finance",
    )
    home_of(folder, [*threads(40), video, junk, other])
    assert gleanery(folder, "quality", "--json").json["scored"] == 123
    return folder


def export(home, out, *more):
    arguments = ("--category", "food", "--out", str(out), "--json", *SPLIT, *more)
    return gleanery(home, "export", *arguments).json


def records(out: Path) -> dict[str, list]:
    found = defaultdict(list)
    for path in sorted(out.glob("*.jsonl")):
        lines = path.read_text(encoding="utf-8").splitlines()
        found[path.name.split("-")[0]] += map(json.loads, lines)
    return found
