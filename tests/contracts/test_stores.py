"""What every store promises, checked on every store that the registry finds."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from gleanery.errors import RegistryError, StoreError, StoreUnavailableError, WriteRejectedError
from items import Article, Comment, Proposal, item_from_dict
from storage import StoreStats, open_store
from tests.contracts.store_items import CLASSIFIED, NOW, POST, a_video


def test_a_saved_item_comes_back_whole(store):
    store.save([CLASSIFIED])

    row = store.find("reddit:t3_a")
    assert row is not None
    assert item_from_dict(row) == CLASSIFIED
    assert store.find("reddit:t3_b") is None


@pytest.mark.parametrize(
    ("query", "found"),
    [("여행", True), ("후", True), ("경복궁", True), ("여행후", False), ("party", True),
     ("PARTY 맛집", True),
     ("art", False), ("부산", False), ('") OR (', False), ("", False), ("party -great", True)],
)  # fmt: skip
def test_search_finds_korean_parts_and_english_words(store, query, found):
    store.save([POST])

    assert [row["identity"] for row in store.search(query)] == (["reddit:t3_a"] if found else [])


def test_search_forgets_what_an_item_no_longer_says(store):
    store.save([POST])
    store.save([replace(POST, title="부산 바다", text="")])

    assert store.search("서울") == []
    assert len(store.search("부산")) == 1


def test_a_page_is_kept_as_fetched(store):
    page = Article(
        platform="web",
        external_id="https://e.com/",
        url="https://e.com/",
        raw_html=gzip.compress(b"<p>"),
    )
    store.save([page])

    assert store.raw(page.identity) == b"<p>"
    assert store.raw("web:none") is None


def test_one_bad_item_keeps_a_batch_out_whole(store):
    bad = a_video(2, title="lone surrogate \ud800")

    with pytest.raises(WriteRejectedError):
        store.save([a_video(1), bad])

    assert store.stats(classified_kinds=[]).total == 0


def test_stats_count_everything(store):
    comment = Comment(
        platform="reddit", external_id="t1_c", url="https://e.com", fetched_at=NOW, depth=2
    )
    store.save(
        [CLASSIFIED, comment, a_video(1, category="food", classified_at=NOW, needs_review=True)]
    )

    assert store.stats(classified_kinds=["post", "comment"]) == StoreStats(
        total=3,
        items={"reddit": 2, "youtube": 1},
        kinds={"comment": 1, "post": 1, "video": 1},
        categories={"food": 1, "life_lifestyle": 1},
        depths={0: 1, 1: 1, 2: 1},
        days={"2026-11-23": 3},
        unclassified=1,
        needs_review=1,
    )
    assert store.stats(classified_kinds=["post"]).unclassified == 0


def test_scan_walks_all_in_order_of_first_saving_while_others_write(store):
    store.save([a_video(n) for n in range(1200)])
    seen = []
    for row in store.scan(unclassified=True, kinds=["video"]):
        seen.append(row["external_id"])
        if len(seen) == 600:
            store.save([a_video(700, category="food", classified_at=NOW)])

    assert seen == [f"v{n}" for n in range(1200)]
    assert list(store.scan(kinds=["post"])) == []


class Named(msgspec.Struct):
    """Two of an item's fields, and one that no video has."""

    identity: str
    title: str
    community: str | None = None


def test_scan_as_gives_the_wanted_fields_alone(store):
    store.save([a_video(n, title=f"국 {n}") for n in range(600)] + [CLASSIFIED])

    rows = list(store.scan_as(Named, kinds=["video"]))

    assert rows == [Named(f"youtube:v{n}", f"국 {n}") for n in range(600)]
    assert [row.community for row in store.scan_as(Named)][600:] == [CLASSIFIED.community]
    wrong = msgspec.defstruct("Wrong", [("identity", int)])
    with pytest.raises(StoreError, match="'youtube:v0' is damaged in the store"):
        next(store.scan_as(wrong))


def test_latest_comes_newest_first(store):
    store.save([a_video(n) for n in range(3)] + [CLASSIFIED])

    assert [r["external_id"] for r in store.latest(limit=2)] == ["t3_a", "v2"]
    assert [r["external_id"] for r in store.latest(category="life_lifestyle")] == ["t3_a"]


def test_many_threads_may_write_at_once(store):
    threads = [
        threading.Thread(
            target=store.save, args=([a_video(n) for n in range(k * 50, k * 50 + 60)],)
        )
        for k in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert store.stats(classified_kinds=[]).total == 410


def test_a_closed_store_says_that_it_is_away(store):
    store.close()

    with pytest.raises(StoreUnavailableError):
        store.save([POST])


def test_a_file_that_is_no_store_is_named_and_left_alone(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("Dear reader, " * 100)

    with pytest.raises(StoreError, match=r"letter\.txt is no store of ours"):
        open_store("sqlite", path).open()

    assert path.read_text().startswith("Dear reader")


def test_an_unknown_store_is_named_with_those_there_are():
    with pytest.raises(RegistryError, match=r"No store is called 'sqlit'. Did you mean 'sqlite'"):
        open_store("sqlit", "x.db")


def test_what_was_acknowledged_before_kill_9_is_there_afterwards(closed_store):
    """A process saves batches and says so; killed, the store holds every one it told of."""
    code = (
        "import sys\nfrom items import Video\nfrom storage import StoreOptions, open_store\n"
        "where = StoreOptions(mysql_url=sys.argv[3], mongodb_url=sys.argv[4])\n"
        "s = open_store(sys.argv[1], sys.argv[2], where); s.open()\n"
        "for n in range(100000):\n"
        "    s.save([Video(platform='y', external_id=f'{n}-{k}', url='u') for k in range(10)])\n"
        "    print(n, flush=True)\n"
    )
    options = closed_store.options
    place = [closed_store.name, str(closed_store.path), options.mysql_url, options.mongodb_url]
    with subprocess.Popen(
        [sys.executable, "-c", code, *place],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(50)]
        os.kill(process.pid, signal.SIGKILL)
        told += [int(line) for line in process.stdout.read().split()]

    with closed_store as store:
        rows = [row["external_id"] for row in store.scan()]
    assert len(rows) == len(set(rows))
    if "mongodb" not in closed_store.name:  # a batch is one transaction
        assert len(rows) % 10 == 0
    assert {f"{n}-{k}" for n in told for k in range(10)} <= set(rows)


# --- proposals


def a_proposal(key: str, *evidence: str, parent: str | None = "food") -> Proposal:
    words = dict.fromkeys(("name_ko", "name_en", "description_ko", "description_en"), "말 words")
    return Proposal(
        key=key,
        parent=parent,
        evidence=[*evidence],
        engine="e",
        version="1",
        proposed_at=NOW,
        **words,
    )


def test_a_proposal_is_kept_once_with_all_that_speaks_for_it(store):
    first = store.propose([a_proposal("tea", "a"), a_proposal("soup", "b")])
    second = store.propose([a_proposal("tea", "a", "c"), a_proposal("tea", "d", parent=None)])

    assert (first, second) == (2, 1)
    assert [(p.identity, p.evidence) for p in store.proposals()] == [
        ("food/tea", ["a", "c"]),
        ("food/soup", ["b"]),
        ("tea", ["d"]),
    ]


def test_what_was_decided_stays_decided(store):
    store.propose([a_proposal("tea", "a"), a_proposal("soup", "b")])

    known = [store.decide("food/tea", "rejected"), store.decide("food/cake", "accepted")]
    store.propose([a_proposal("tea", "z")])

    (tea,) = store.proposals(status="rejected")
    assert known == [True, False]
    assert (tea.identity, tea.evidence, tea.decided_at is None) == ("food/tea", ["a", "z"], False)
    assert [p.key for p in store.proposals(status="pending")] == ["soup"]
