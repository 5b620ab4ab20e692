"""Transcripts and vectors of videos, on every store there is."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from items import Annotation
from items.transcript import Line, Transcript
from items.video_vector import VideoVector
from storage import open_store
from storage.book import TRANSCRIPTS, VECTORS
from storage.copying import copy
from storage.transcripts import PART
from tests.contracts.store_items import POST

LONG = "web:https://example.com/" + "길" * 500
SPOKEN = Transcript(
    identity=LONG, sound="a" * 64, language="ko", engine="faster_whisper", version="tiny/1",
    plan="denoise+transcribe", created_at="2026-11-23T01:02:03+00:00",
    lines=(Line(0.0, 1.25, "안녕하세요 🕐"), Line(1.25, 3.5, "'; DROP TABLE items --\x00")),
)  # fmt: skip


def a_vector(number: int, dim: int = 768) -> VideoVector:
    rng = random.Random(number)
    values = [rng.uniform(-1, 1) for _ in range(dim)]
    norm = math.hypot(*values)
    return VideoVector(
        identity=f"youtube:v{number}", video=f"{number:064}", engine="timesformer", version="1",
        created_at="2026-11-23T01:02:03+00:00", values=tuple(v / norm for v in values),
    )  # fmt: skip


def test_what_is_said_comes_back_as_it_was(store):
    other = replace(SPOKEN, sound="b" * 64, lines=(), language="", engine="")
    store.save_transcript(SPOKEN)
    store.save_transcript(other)
    store.save_transcript(SPOKEN)

    assert store.transcripts(LONG) == [SPOKEN, other]
    assert store.transcripts("web:none") == []
    assert SPOKEN.text == "안녕하세요 🕐 '; DROP TABLE items --\x00"


def test_a_long_transcript_is_several_records_and_a_shorter_one_leaves_nothing_of_it(store):
    lines = tuple(Line(float(n), n + 1.0, f"줄 {n}") for n in range(2 * PART + 1))
    long = replace(SPOKEN, lines=lines)
    store.save_transcript(long)
    assert store.transcripts(LONG) == [long]
    assert len(list(store.book(TRANSCRIPTS).scan())) == 3

    store.save_transcript(SPOKEN)

    assert store.transcripts(LONG) == [SPOKEN]


def test_vectors_come_back_as_float32_of_one_item_or_all(store):
    vectors = [a_vector(n) for n in range(3)]
    for vector in vectors:
        store.save_vector(vector)
        store.save_vector(vector)

    found = {v.identity: v for v in store.vectors()}
    assert found.keys() == {v.identity for v in vectors}
    for vector in vectors:
        (one,) = store.vectors(vector.identity)
        assert replace(one, values=()) == replace(vector, values=())
        assert one.values == pytest.approx(vector.values, abs=1e-7)
        assert found[vector.identity] == one


def test_what_is_said_is_found_until_it_is_no_longer_so(store):
    heard = Annotation(
        tool="transcribe", engine="w", version="1",
        value={"text": "된장찌개를 끓입니다", "others": [{"text": "with tofu"}]},
    )  # fmt: skip
    store.save([replace(POST, annotations=[heard])])
    found = {words: len(store.search(words)) for words in ("찌개", "tofu", "서울 된장", "salt")}
    store.update(POST.identity, lambda item: setattr(item, "annotations", []))

    assert found == {"찌개": 1, "tofu": 1, "서울 된장": 1, "salt": 0}
    assert (store.search("찌개"), len(store.search("서울"))) == ([], 1)


def test_a_copy_takes_them_along(store, tmp_path):
    with open_store("sqlite", tmp_path / "laptop.db") as laptop:
        laptop.save([POST])
        laptop.save_transcript(SPOKEN)
        laptop.save_vector(a_vector(1))
        copy(laptop, store)
        expected = list(laptop.vectors())

    assert store.transcripts(LONG) == [SPOKEN]
    assert list(store.vectors()) == expected


def test_with_both_servers_they_are_in_mongodb(store):
    store.save_vector(a_vector(1))

    if store.name == "mysql+mongodb":
        from storage.mongodb.book import MongodbBook  # noqa: PLC0415 - an extra

        assert isinstance(store.book(VECTORS), MongodbBook)
        assert len(store.book(VECTORS).get([f"youtube:v1/{1:064}"])) == 1
