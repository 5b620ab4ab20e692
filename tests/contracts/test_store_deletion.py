"""Removing items for good, on every store there is."""

from __future__ import annotations

import gzip
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from items import Annotation, Article, Comment, MediaFile, Proposal
from items.transcript import Line, Transcript
from items.video_vector import VideoVector
from storage.book import TOMBSTONES
from storage.tombstones import AUTHOR, ITEM, author_mark, bury, mark_of
from tests.contracts.store_items import CLASSIFIED, NOW, POST, a_video

PAGE = Article(
    platform="web", external_id="https://e.com/", url="https://e.com/", title="경복궁",
    raw_html=gzip.compress(b"<p>"), fetched_at=NOW,
)  # fmt: skip
COMMENT = Comment(
    platform="reddit", external_id="t1_a", url="u", root="reddit:t3_a", parent="reddit:t3_a",
    text="delicious", fetched_at=NOW,
)  # fmt: skip
SPOKEN = Transcript(
    identity=POST.identity, sound="a" * 64, language="ko", engine="w", version="1", plan="",
    created_at="2026-11-23T01:02:03+00:00", lines=(Line(0.0, 1.0, "안녕하세요"),),
)  # fmt: skip
SEEN = VideoVector(
    identity=POST.identity, video="b" * 64, values=(0.6, 0.8), engine="t", version="1",
    created_at="2026-11-23T01:02:03+00:00",
)  # fmt: skip
EVERYTHING = [CLASSIFIED, PAGE, COMMENT, a_video(1)]


def a_proposal(*evidence: str) -> Proposal:
    words = dict.fromkeys(("name_ko", "name_en", "description_ko", "description_en"), "말 words")
    return Proposal(
        key="tea", parent=None, evidence=[*evidence], engine="e", version="1", proposed_at=NOW,
        **words,
    )  # fmt: skip


def left(store, *identities: str) -> dict[str, int]:
    return {place: number for place, number in store.traces(identities).items() if number}


def test_a_deleted_item_is_gone_from_every_place_and_nothing_else_is(store):
    store.save(EVERYTHING)
    store.propose([a_proposal("web:https://e.com/", "reddit:t3_a")])
    store.save_transcript(SPOKEN)
    store.save_vector(SEEN)
    gone = ["reddit:t3_a", PAGE.identity, COMMENT.identity]
    before = left(store, *gone)

    deleted = store.delete(["reddit:none", *gone])

    assert deleted == gone
    assert sum(before.values()) >= 5
    assert (before["proposals"], before["transcripts"], before["vectors"]) == (1, 1, 1)
    assert (store.transcripts(POST.identity), [*store.vectors()]) == ([], [])
    assert (left(store, *gone), left(store)) == ({}, {})
    assert store.raw(PAGE.identity) is None
    assert [store.find(identity) for identity in gone] == [None, None, None]
    assert [store.search(word) for word in ("여행", "경복궁", "delicious")] == [[], [], []]
    assert [row["identity"] for row in store.scan()] == ["youtube:v1"]
    assert store.stats(classified_kinds=[]).total == 1
    assert store.proposals()[0].evidence == []
    assert store.history("reddit:t3_a") == []


def test_deleting_twice_changes_nothing_and_what_is_no_identity_harms_nothing(store):
    store.save(EVERYTHING)

    first = store.delete([POST.identity])
    again = store.delete([POST.identity])
    hostile = store.delete(["'; DROP TABLE items; --", '{"$ne": 1}', "%", "", "🙂" * 3000])

    assert (first, again, hostile) == ([POST.identity], [], [])
    assert store.stats(classified_kinds=[]).total == 3


def test_hundreds_go_at_once(store):
    store.save([a_video(n) for n in range(500)])

    deleted = store.delete([f"youtube:v{n}" for n in range(100, 500)])

    assert len(deleted) == 400
    assert [row["external_id"] for row in store.scan()] == [f"v{n}" for n in range(100)]


def test_a_change_does_not_bring_a_deleted_item_back(store):
    store.save([POST])
    store.delete([POST.identity])

    assert store.update(POST.identity, lambda item: item.media.append("x")) is False
    assert store.find(POST.identity) is None


@pytest.mark.parametrize(
    ("mark", "group"),
    [(mark_of("reddit:t3_a"), ITEM), (author_mark("reddit", "kim"), AUTHOR)],
    ids=["identity", "author"],
)
def test_what_was_buried_is_not_saved_until_it_is_forgotten(store, mark, group):
    mine = replace(POST, author="kim")
    others = [a_video(1, author="kim"), replace(COMMENT, author="lee")]
    bury(store.book(TOMBSTONES), [mark, mark], group)
    bury(store.book(TOMBSTONES), [mark], group)

    store.save([mine, *others])
    store.save_transcript(SPOKEN)
    kept = [row["identity"] for row in store.scan()]
    store.book(TOMBSTONES).delete([mark])
    store.save([mine])

    assert kept == ["youtube:v1", "reddit:t1_a"]
    assert bool(store.transcripts(POST.identity)) == (group == AUTHOR)
    assert store.find("reddit:t3_a") is not None


def test_a_tombstone_holds_nothing_but_the_hash(store):
    bury(store.book(TOMBSTONES), [author_mark("reddit", "kim")], AUTHOR)

    (record,) = store.book(TOMBSTONES).scan()

    assert {**record, "at": None} == {
        "key": author_mark("reddit", "kim"), "group": "author", "at": None,
    }  # fmt: skip
    assert len(record["key"]) == 64


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(gone=st.sets(st.integers(0, 9)), twice=st.booleans())
def test_whatever_is_deleted_the_rest_stays_as_it_was(store, gone, twice):
    file = MediaFile(key="1" * 64, role="video", content_type="video/mp4", size=7)
    answer = Annotation(tool="classify", engine="e5", version="1", value={})
    store.save([a_video(n, media_files=[file], annotations=[answer]) for n in range(10)])
    before = {row["identity"]: row for row in store.scan()}
    identities = [f"youtube:v{n}" for n in gone]

    for _ in range(1 + twice):
        store.delete(identities)

    after = {row["identity"]: row for row in store.scan()}
    assert after == {i: row for i, row in before.items() if i not in set(identities)}
    assert left(store, *identities) == {}
