"""``gleanery media`` as an operator calls it."""

from __future__ import annotations

import os
import time

import pytest

from items import MediaFile, Post
from media.store import open_media
from storage import open_store
from tests.cli import gleanery


@pytest.fixture
def home(tmp_path):
    """A post with a picture and a film that is lost, and an old file that nobody names."""
    media = open_media(tmp_path / "media")
    picture, orphan = media.put_bytes(b"picture"), media.put_bytes(b"orphan")
    long_ago = time.time() - 9 * 86_400
    os.utime(tmp_path / "media" / orphan.key[:2] / orphan.key, (long_ago, long_ago))
    files = [
        MediaFile(key=picture.key, role="image", content_type="image/png", size=7, source="u"),
        MediaFile(key="0" * 64, role="video", content_type="video/mp4", size=9, source="v"),
    ]
    post = Post(platform="reddit", external_id="t3_a", url="https://e.com", media_files=files)
    with open_store("sqlite", tmp_path / "gleanery.db") as store:
        store.save([post])
    return tmp_path, picture.key, orphan.key


def test_gc_says_what_would_go_then_removes_it(home):
    folder, picture, orphan = home

    planned = gleanery(folder, "media", "gc", "--dry-run")
    there = {entry.key for entry in open_media(folder / "media").scan()}
    done = gleanery(folder, "media", "gc", "--json").json

    assert "would go / 지울 것: unreferenced" in planned.stdout
    assert there == {picture, orphan}
    assert (done["removed"], done["removed_bytes"], done["kept"]) == ({"unreferenced": 1}, 6, 1)
    assert [entry.key for entry in open_media(folder / "media").scan()] == [picture]


def test_list_shows_files_with_their_items(home):
    folder, picture, _ = home

    rows = gleanery(folder, "media", "list", "--json").json
    table = gleanery(folder, "media", "list", "--role", "image").stdout

    assert [(r["item"], r["role"], r["size"]) for r in rows] == [
        ("reddit:t3_a", "image", 7), ("reddit:t3_a", "video", 9)
    ]  # fmt: skip
    assert picture in table
    assert "0" * 64 not in table


def test_verify_names_what_changed_and_what_is_missing(home):
    folder, picture, orphan = home
    (folder / "media" / orphan[:2] / orphan).write_bytes(b"forged")

    found = gleanery(folder, "media", "verify", "--remove")

    assert found.returncode == 1
    assert f"changed / 바뀜: {orphan} (removed / 지움)" in found.stdout
    assert f"missing / 없음: {'0' * 64} (video, reddit:t3_a)" in found.stdout
    assert [entry.key for entry in open_media(folder / "media").scan()] == [picture]


def test_get_copies_a_file_out_and_says_what_is_wrong(home):
    folder, picture, _ = home
    out = folder / "out.png"

    done = gleanery(folder, "media", "get", picture, "--out", str(out))

    assert (done.returncode, out.read_bytes()) == (0, b"picture")
    missing = gleanery(folder, "media", "get", "1" * 64, "--out", str(out))
    assert "no file " + "1" * 64 in missing.error
    assert "is no key" in gleanery(folder, "media", "get", "../x", "--out", str(out)).error
