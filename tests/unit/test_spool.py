"""The spool on disk: order, crashes, damage, limits."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import use_span
from scrapy.utils.test import get_crawler

from gleanery.errors import StoreUnavailableError, WriteRejectedError
from gleanery.tracing import traceparent
from items import Article, Post
from pipelines.spooling import Spooling
from storage import open_store
from storage.spool import Spool
from storage.spool.replay import drain, replay_batch
from storage.spool.second_try import discard, requeue
from storage.spool.segments import segments_in


def a_post(number: int, **more) -> Post:
    return Post(platform="reddit", external_id=f"t3_{number}", url="u", **more)


def numbers(items) -> list[int]:
    return [int(item.external_id[3:]) for item in items]


class Kept:
    """A store that keeps what it is given, in order, and refuses or fails as told."""

    def __init__(self, *, refuses: frozenset[int] = frozenset()) -> None:
        self.items: list[Post] = []
        self.refuses, self.away = refuses, False

    def save(self, items) -> None:
        if self.away:
            raise StoreUnavailableError("away")
        if self.refuses & set(numbers(items)):
            raise WriteRejectedError("not this one")
        self.items += items


def replayed(spool: Spool) -> list[int]:
    kept = Kept()
    drain(spool, kept, lambda _: None)
    return numbers(kept.items)


async def test_an_item_takes_the_trace_it_is_stored_in_along(tmp_path):
    away, spool = Kept(), Spool(tmp_path / "s", max_bytes=2**20)
    away.away = True
    spooling = Spooling(
        away, spool, get_crawler().stats, on_change=lambda _: None, is_closing=lambda: False
    )
    items = [a_post(1), a_post(2)]

    with use_span(TracerProvider().get_tracer("test").start_span("store")) as span:
        with spooling.tracing(items[0]):
            kept = await spooling.keep(items)
        trace = traceparent()

    batch = spool.read(10)
    assert (kept, numbers(batch.items), batch.traces) == (2, [1, 2], [trace])
    assert f"{span.get_span_context().span_id:016x}" in trace


def test_items_come_back_as_they_went_with_pages_and_odd_texts(tmp_path):
    items = [
        a_post(1, title="서울 \ud800 🙂\x00", score=2**70),
        Article(platform="web", external_id="x", url="u", raw_html=gzip.compress(b"page")),
    ]
    spool = Spool(tmp_path / "s", max_bytes=2**20)

    assert spool.append(items) == 2

    assert spool.read(9).items == items
    assert spool.waiting().items == 2


def test_what_is_appended_during_a_replay_comes_after_what_waits(tmp_path):
    spool, kept = Spool(tmp_path / "s", max_bytes=2**20, segment_bytes=500), Kept()
    spool.append([a_post(n) for n in range(300)])

    replay_batch(spool, kept)
    spool.append([a_post(n) for n in range(300, 310)])
    drain(spool, kept, lambda _: None)

    assert numbers(kept.items) == list(range(310))
    assert (spool.is_empty(), spool.waiting().bytes) == (True, 0)


def test_nothing_leaves_before_the_store_has_it(tmp_path):
    spool, kept = Spool(tmp_path / "s", max_bytes=2**20), Kept()
    spool.append([a_post(1), a_post(2)])
    kept.away = True

    with pytest.raises(StoreUnavailableError):
        replay_batch(spool, kept)

    assert (spool.waiting().items, replayed(spool)) == (2, [1, 2])


def test_a_full_spool_takes_what_fits_and_says_how_much(tmp_path):
    spool = Spool(tmp_path / "s", max_bytes=3000)

    taken = spool.append([a_post(n) for n in range(10)])

    assert 1 < taken < 10
    assert spool.append([a_post(99)]) == 0
    assert spool.waiting().bytes <= 3000
    assert replayed(spool) == list(range(taken))
    assert spool.append([a_post(99)]) == 1


def test_refused_items_are_kept_with_the_reason_and_the_others_go_on(tmp_path):
    spool, kept = Spool(tmp_path / "s", max_bytes=2**20), Kept(refuses=frozenset({2}))
    spool.append([a_post(1), a_post(2), a_post(3)])

    done = drain(spool, kept, lambda _: None)

    assert numbers(kept.items) == [1, 3]
    assert (done.saved, done.refused, spool.waiting().refused) == (2, 1, 1)
    assert "not this one" in spool.refused.path.read_text("utf-8")


def test_what_was_refused_waits_again_or_goes_for_good(tmp_path):
    """A line that a crash cut short hides none of the others; what has no room stays refused."""
    spool, stubborn = Spool(tmp_path / "s", max_bytes=2**20), Kept(refuses=frozenset(range(4)))
    spool.append([a_post(0), a_post(1), a_post(2)])
    drain(spool, stubborn, lambda _: None)
    with spool.refused.path.open("a") as file:
        file.write('{"reason": "cut sho')
    spool.append([a_post(3)])
    drain(spool, stubborn, lambda _: None)
    listed = [(item.identity[-1], item.reason) for item in spool.refused.first(9)]

    gone = discard(spool, a_post(1).identity), discard(spool, a_post(1).identity)
    one = requeue(spool, a_post(2).identity)
    spool.max_bytes = 0
    none = requeue(spool)
    spool.max_bytes = 2**20
    others = requeue(spool)

    assert listed == [(str(n), listed[0][1]) for n in range(4)]
    assert "not this one" in listed[0][1]
    assert (gone, one, none, others) == ((1, 0), 1, 0, 2)
    assert spool.refused.first(9) == []
    assert replayed(spool) == [2, 0, 3]


@pytest.mark.parametrize("byte", [0, 9, 20, 27, 40])
def test_a_damaged_record_is_set_aside_and_all_others_are_replayed(tmp_path, byte, caplog):
    spool = Spool(tmp_path / "s", max_bytes=2**20)
    for n in range(5):
        spool.append([a_post(n)])
    (segment,) = segments_in(spool.folder)
    data = bytearray(segment.path.read_bytes())
    at = data.find(segment.mark, data.find(segment.mark, 1) + 1) + byte
    data[at] ^= 0x55
    segment.path.write_bytes(data)
    spool.append([a_post(5)])  # goes behind the damage

    waiting, again = spool.waiting().items, replayed(Spool(spool.folder, max_bytes=2**20))

    assert (again, waiting) == ([0, 1, 3, 4, 5], 6)
    (kept,) = (spool.folder / "damaged").iterdir()
    assert kept.stat().st_size > 100
    assert "do not add up" in caplog.text.replace("does not", "do not")


def test_a_page_cannot_pass_for_a_record(tmp_path):
    """The mark of a segment is random: what a reader finds behind damage was written by us."""
    spool = Spool(tmp_path / "s", max_bytes=2**20)
    spool.append([a_post(1)])
    (first,) = segments_in(spool.folder)
    spool.append([a_post(2, text=first.path.read_bytes().decode("latin-1"))])
    data = bytearray(first.path.read_bytes())
    data[data.rfind(first.mark)] ^= 1
    first.path.write_bytes(data)

    assert replayed(spool) == [1]


@settings(max_examples=25)
@given(
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=8),
    cut=st.integers(0, 2000),
    segment_bytes=st.sampled_from([1, 700, 10**6]),
)
def test_a_tail_that_was_cut_off_is_forgotten_and_nothing_else(sizes, cut, segment_bytes):
    """As a kill in the middle of the last write leaves it; its items had not been promised."""
    with tempfile.TemporaryDirectory() as folder:
        spool = Spool(Path(folder), max_bytes=2**20, segment_bytes=segment_bytes)
        count = 0
        for size in sizes:
            sizes_before = {s.path: s.size for s in segments_in(spool.folder)}
            before, count = count, count + size
            spool.append([a_post(n) for n in range(before, count)])
        last = segments_in(spool.folder)[-1]
        start = sizes_before.get(last.path, 0)
        with last.path.open("r+b") as file:
            file.truncate(max(start, last.size - cut))
        later = Spool(Path(folder), max_bytes=2**20, segment_bytes=segment_bytes)
        later.append([a_post(1000)])

        got = replayed(later)

    assert got[-1] == 1000
    assert got[:-1] == list(range(len(got) - 1))
    assert len(got) - 1 >= before
    assert not (Path(folder) / "damaged").exists()


@settings(max_examples=25)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("append"), st.integers(1, 30)),
            st.sampled_from(["replay", "crash before noting", "restart"]),
        ),
        max_size=25,
    )
)
def test_whatever_happens_all_arrive_in_order_within_the_limit(events):
    limit = 20_000
    with tempfile.TemporaryDirectory() as folder:
        spool, kept = Spool(Path(folder), max_bytes=limit, segment_bytes=2000), Kept()
        promised = 0
        for event in events:
            if isinstance(event, tuple):
                items = [a_post(promised + n) for n in range(event[1])]
                promised += spool.append(items)
            elif event == "replay":
                replay_batch(spool, kept)
            elif event == "crash before noting":  # the store has them, the spool does not know
                kept.items += spool.read(200).items
            else:
                spool = Spool(Path(folder), max_bytes=limit, segment_bytes=2000)
            assert spool.waiting().bytes <= limit
        drain(spool, kept, lambda _: None)
        empty = spool.is_empty()

    last = {number: place for place, number in enumerate(numbers(kept.items))}
    assert sorted(last) == list(range(promised))
    assert sorted(last.values()) == [last[n] for n in range(promised)]  # the last copies, in order
    assert empty


WRITER = """
import sys
from pathlib import Path
from items import Post
from storage.spool import Spool
spool = Spool(Path(sys.argv[1]), max_bytes=2**30, segment_bytes=20_000)
for n in range(10**6):
    spool.append([Post(platform="reddit", external_id=f"t3_{n}", url="u", text="x" * 3000)])
    print(n, flush=True)
"""


def test_a_writer_killed_at_any_moment_has_kept_what_it_said(tmp_path):
    got = []
    for kill_after in (1, 4, 9, 30):
        folder = tmp_path / str(kill_after)
        command = [sys.executable, "-c", WRITER, str(folder)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
        ) as writer:
            for _ in range(kill_after):
                said = int(writer.stdout.readline())
            os.kill(writer.pid, signal.SIGKILL)
            rest = writer.stdout.read().split()
        spool = Spool(folder, max_bytes=2**30)
        spool.append([a_post(7)])  # a later process goes on
        got.append((int(rest[-1]) if rest else said, replayed(spool)))

    for said, found in got:
        assert found[:-1] == list(range(len(found) - 1))
        assert said + 1 <= len(found) - 1 <= said + 2
        assert found[-1] == 7


def test_only_one_process_replays_at_a_time(tmp_path):
    spool, other = (Spool(tmp_path / "s", max_bytes=2**20) for _ in range(2))
    spool.append([a_post(1)])

    with spool.turn():
        done = replay_batch(other, Kept())

    assert done.is_elsewhere
    assert replayed(other) == [1]


def test_a_disk_that_takes_nothing_is_said_so_and_what_waits_stays(tmp_path):
    spool = Spool(tmp_path / "s", max_bytes=2**20, segment_bytes=1)
    spool.append([a_post(1)])
    blocked = Spool(tmp_path / "file" / "s", max_bytes=2**20)
    (tmp_path / "file").touch()

    with pytest.raises(StoreUnavailableError, match="takes nothing"):
        blocked.append([a_post(2)])

    assert replayed(spool) == [1]


def test_a_damaged_note_of_the_position_only_repeats(tmp_path):
    spool, kept = Spool(tmp_path / "s", max_bytes=2**20), Kept()
    spool.append([a_post(n) for n in range(250)])
    replay_batch(spool, kept)
    (spool.folder / "position").write_text("9 9 9 00000000\n")

    drain(spool, kept, lambda _: None)

    assert numbers(kept.items) == [*range(200), *range(250)]


def test_replayed_items_are_in_a_real_store_once(tmp_path):
    spool = Spool(tmp_path / "s", max_bytes=2**20)
    spool.append([a_post(n % 40, score=n) for n in range(100)])

    with open_store("sqlite", tmp_path / "x.db") as store:
        drain(spool, store, lambda _: None)
        rows = {row["identity"]: row["score"] for row in store.scan()}

    assert sorted(rows.values()) == list(range(60, 100))
