"""A file is there whole or not at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from gleanery.files import write_whole


def test_many_who_write_at_once_leave_one_whole_file(tmp_path):
    path = tmp_path / "sub" / "file"
    texts = [bytes([n]) * 10_000 for n in range(40)]

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda text: write_whole(path, text), texts))

    assert path.read_bytes() in texts
    assert [p.name for p in path.parent.iterdir()] == ["file"]


def test_a_private_file_is_the_owners_alone_from_the_start(tmp_path):
    write_whole(tmp_path / "secret", b"x", private=True)

    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path):
    (tmp_path / "file").mkdir()

    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path / "file", b"x")

    assert [p.name for p in tmp_path.iterdir()] == ["file"]
