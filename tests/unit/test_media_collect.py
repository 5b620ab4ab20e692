"""What ``gleanery media gc`` removes, and what it never touches."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleanery.errors import ConfigError
from media.collect import Collected, KeepRules, collect
from media.store import MediaStore, open_media

DAY = 86_400


@pytest.fixture
def media(tmp_path) -> MediaStore:
    return open_media(tmp_path / "media")


def put(media: MediaStore, data: bytes, *, days: float) -> str:
    """Keep ``data`` as of ``days`` ago."""
    key = media.put_bytes(data).key
    when = time.time() - days * DAY
    os.utime(Path(media.url) / key[:2] / key, (when, when))
    return key


def keys(media: MediaStore) -> set[str]:
    return {entry.key for entry in media.scan()}


def test_what_no_item_names_goes_unless_it_was_put_just_now(media):
    named, unnamed, fresh = (
        put(media, data, days=days) for data, days in ((b"n", 9), (b"uu", 9), (b"fff", 0.5))
    )

    planned = collect(media, lambda: [named], KeepRules(), dry_run=True)
    before = keys(media)
    done = collect(media, lambda: [named], KeepRules())

    assert before == {named, unnamed, fresh}
    assert keys(media) == {named, fresh}
    assert done == Collected(kept=2, kept_bytes=4, removed={"unreferenced": 1}, removed_bytes=2)
    assert (planned.removed, planned.removed_bytes, planned.dry_run) == (done.removed, 2, True)


def test_age_and_size_take_the_oldest_though_items_name_them(media):
    old = [put(media, bytes([n]) * 100, days=n) for n in range(2, 8)]

    by_age = collect(media, lambda: old, KeepRules(days=5.5))
    by_size = collect(media, lambda: old, KeepRules(total_bytes=250))

    assert by_age.removed == {"age": 2}
    assert by_size.removed == {"size": 2}
    assert keys(media) == set(old[:2])


def test_a_file_put_again_while_the_sweep_runs_stays(media):
    """Old and unnamed when it is listed; a crawl puts the same bytes before its turn."""
    key, other = put(media, b"again", days=9), put(media, b"other", days=9)

    def named():
        media.put_bytes(b"again")
        return [other]

    done = collect(media, named, KeepRules())

    assert (keys(media), done.removed, done.renewed) == ({key, other}, {}, 1)


def test_a_store_that_no_item_knows_is_not_emptied_by_mistake(media):
    put(media, b"x", days=9)

    with pytest.raises(ConfigError, match=r"No stored item names any of the 1 files"):
        collect(media, list, KeepRules())
    assert len(keys(media)) == 1

    assert collect(media, list, KeepRules(), force=True).removed == {"unreferenced": 1}


def test_what_dead_writers_left_goes_after_the_grace_period(media):
    put(media, b"x", days=9)
    for name, days in (("old", 2), ("new", 0)):
        left = Path(media.url) / "tmp" / name
        left.write_bytes(b"half")
        os.utime(left, (time.time() - days * DAY,) * 2)

    done = collect(media, list, KeepRules(), force=True)

    assert done.partial == 1
    assert [path.name for path in (Path(media.url) / "tmp").iterdir()] == ["new"]


@given(
    files=st.lists(st.tuples(st.integers(0, 20), st.integers(1, 50), st.booleans()), max_size=12),
    days=st.integers(0, 20),
    total=st.integers(0, 300),
)
def test_laws_of_what_stays(tmp_path_factory, files, days, total):
    """The size limit holds but for the grace period; nothing named goes without a limit."""
    media = open_media(tmp_path_factory.mktemp("media"))
    rows = {
        put(media, bytes([n]) * size, days=age): (age, size, named)
        for n, (age, size, named) in enumerate(files)
    }
    named = [key for key, row in rows.items() if row[2]]

    done = collect(media, lambda: named, KeepRules(days=days, total_bytes=total), force=True)

    left = keys(media)
    fresh = {key for key, (age, _, _) in rows.items() if age < 1}
    assert fresh <= left
    assert left - fresh <= set(named)
    if not days and not total:
        assert set(named) <= left
    if total:
        assert sum(rows[key][1] for key in left - fresh) <= total
    assert done.kept == len(left)
    assert done.kept + sum(done.removed.values()) == len(rows)
