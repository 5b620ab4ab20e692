"""What every media store promises: a folder, S3 (a real server on loopback), memory."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from gleanery.errors import (
    ConfigError,
    MediaError,
    MediaNotFoundError,
    MediaRefusedError,
    MediaUnavailableError,
)
from media.store import MediaStore, Stored, open_media
from tests.s3_server import make_bucket, s3_server

ROOT = Path(__file__).parents[2]
LATER = datetime(2100, 1, 1, tzinfo=UTC)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def s3_environment():
    pytest.importorskip("s3fs", reason="needs gleanery[s3]")
    pytest.importorskip("moto.server", reason="needs moto[server]")
    with s3_server() as environment:
        yield environment


@pytest.fixture(params=["folder", "s3", "memory"])
def url(request, tmp_path, monkeypatch):
    if request.param == "folder":
        return str(tmp_path / "media")
    name = f"media-{uuid4().hex}"
    if request.param == "memory":
        return f"memory://{name}"
    environment = request.getfixturevalue("s3_environment")
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    make_bucket(environment, name)
    return f"s3://{name}/some/prefix"


@pytest.fixture
def media(url) -> MediaStore:
    return open_media(url)


def key_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_file_is_named_by_its_bytes_and_comes_back_whole(media, tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"moving" * 1000)

    stored = media.put_file(path)

    assert stored == Stored(key_of(b"moving" * 1000), 6000, new=True)
    assert media.read(stored.key) == path.read_bytes()
    assert (media.exists(stored.key), media.size(stored.key)) == (True, 6000)
    assert media.verify(stored.key)
    with media.open(stored.key) as file:
        file.seek(6)
        assert file.read(8) == b"movingmo"
    with media.local(stored.key) as local:
        assert local.read_bytes() == path.read_bytes()


def test_known_bytes_are_not_written_again_but_count_as_put_just_now(media, tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"same")
    first = media.put_bytes(b"same")
    before = next(media.scan())

    again = [media.put_bytes(b"same"), media.put_file(path), media.put_file(path, move=True)]

    assert (first.new, {stored.new for stored in again}) == (True, {False})
    (after,) = media.scan()
    assert (after.key, after.size) == (key_of(b"same"), 4)
    assert after.modified_at >= before.modified_at
    assert not path.exists()


def test_a_moved_file_is_gone_from_where_it_was(media, tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"moved")

    stored = media.put_file(path, move=True)

    assert (path.exists(), media.read(stored.key)) == (False, b"moved")


def test_what_is_too_large_is_refused_and_not_kept(url, tmp_path):
    small = open_media(url, max_bytes=10)
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"x" * 11)

    for put in (lambda: small.put_file(path, move=True), lambda: small.put_bytes(b"x" * 11)):
        with pytest.raises(MediaRefusedError, match="11 bytes: at most 10 are kept"):
            put()

    assert (list(small.scan()), path.exists()) == ([], True)
    assert small.put_bytes(b"x" * 10).new


@pytest.mark.parametrize(
    "key",
    ["../../etc/passwd", "", "a" * 63, "A" * 64, "a" * 64 + "\n", "/" + "a" * 63, "../" + "a" * 61],
)
def test_what_is_no_key_never_becomes_a_path(media, key):
    for use in (media.open, media.read, media.exists, media.size, media.delete, media.verify):
        with pytest.raises(MediaError, match="is no key"):
            use(key)
    with pytest.raises(MediaError, match="is no key"), media.local(key):
        pass


def test_a_file_that_is_not_kept_is_named(media, tmp_path):
    key = "0" * 64

    assert (media.exists(key), media.find(key), media.delete(key)) == (False, None, False)
    for use in (media.open, media.read, media.size, media.verify):
        with pytest.raises(MediaNotFoundError, match=key):
            use(key)
    with pytest.raises(MediaNotFoundError, match=key), media.local(key):
        pass
    with pytest.raises(MediaNotFoundError):
        media.put_file(tmp_path / "nothing")


def test_scan_gives_all_files_by_key_and_delete_takes_one_away(media):
    keys = sorted(media.put_bytes(bytes([n])).key for n in range(40))

    assert [entry.key for entry in media.scan()] == keys
    assert media.delete(keys[3])
    assert [entry.key for entry in media.scan()] == keys[:3] + keys[4:]
    assert {entry.size for entry in media.scan()} == {1}
    assert all(
        abs(entry.modified_at - datetime.now(UTC)) < timedelta(minutes=2) for entry in media.scan()
    )


def test_a_file_put_since_is_not_deleted(media):
    stored = media.put_bytes(b"fresh")

    assert not media.delete(stored.key, unless_since=LONG_AGO)
    assert media.read(stored.key) == b"fresh"
    assert media.delete(stored.key, unless_since=LATER)
    assert not media.exists(stored.key)


def test_many_writers_of_the_same_and_of_other_bytes_do_not_disturb_one_another(media):
    blobs = [bytes([n]) * 50_000 for n in range(12)]
    failures, new = [], []

    def write(start):
        try:
            for blob in blobs[start:] + blobs[:start]:
                stored = media.put_bytes(blob)
                new.extend([stored.key] * stored.new)
                assert media.read(stored.key) == blob
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert sorted(new) == sorted(map(key_of, blobs))
    assert [entry.key for entry in media.scan()] == sorted(map(key_of, blobs))
    assert all(media.verify(entry.key) for entry in media.scan())


def test_changed_bytes_are_found_out(media, url):
    stored = media.put_bytes(b"honest")
    path = f"{stored.key[:2]}/{stored.key}"
    if "://" in url:
        media.filesystem.pipe_file(f"{url}/{path}", b"forged")
    else:
        (Path(url) / path).write_bytes(b"forged")

    assert not media.verify(stored.key)


WRITER = """
import hashlib, os, sys
from pathlib import Path
from media.store import open_media
media, folder = open_media(sys.argv[1]), Path(sys.argv[2])
for n in range(100_000):
    path = folder / str(n)
    path.write_bytes(os.urandom(2_000_000))
    print(media.put_file(path, move=n % 2 == 0).key, flush=True)
"""


@pytest.mark.parametrize("told", [1, 3, 4])
def test_kill_9_leaves_no_half_file_and_loses_none_that_was_told(url, tmp_path, told):
    """A process writes files and tells their keys; killed, all that shows is whole."""
    if url.startswith("memory"):
        pytest.skip("memory ends with its process")
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, url, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        keys = {process.stdout.readline().strip() for _ in range(told)}
        os.kill(process.pid, signal.SIGKILL)
        keys |= {line.strip() for line in process.stdout if len(line) == 65}

    media = open_media(url)
    found = [entry.key for entry in media.scan()]
    assert keys <= set(found)
    assert all(media.verify(key) for key in found)
    media.sweep_partial(LATER)
    assert [entry.key for entry in media.scan()] == found
    if "://" not in url:
        assert list((Path(url) / "tmp").iterdir()) == []


def test_what_dead_writers_left_goes_and_what_is_under_way_stays(media, url):
    kept = media.put_bytes(b"kept")
    if url.startswith("s3"):
        bucket, _, prefix = url.removeprefix("s3://").partition("/")
        for name in (f"{prefix}/ab/{'ab' * 32}", "of/another/program"):
            media.filesystem.call_s3("create_multipart_upload", Bucket=bucket, Key=name)
    elif url.startswith("memory"):
        pytest.skip("nothing is ever half done in memory")
    else:
        (Path(url) / "tmp" / "left").write_bytes(b"hal")

    assert media.sweep_partial(LONG_AGO) == 0
    assert media.sweep_partial(LATER, dry_run=True) == 1
    assert media.sweep_partial(LATER) == 1
    assert media.sweep_partial(LATER) == 0
    assert [entry.key for entry in media.scan()] == [kept.key]


@pytest.mark.parametrize("url", ["http://example.com/x", "s3://", "memory://", "ftp://x/y"])
def test_no_other_kind_of_place_is_taken(url):
    with pytest.raises(ConfigError, match=r"s3://bucket/prefix or memory://name"):
        open_media(url)


def test_a_place_that_is_away_is_told_from_a_file_that_is_not_there(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(MediaUnavailableError):
        open_media(tmp_path / "file" / "media").put_bytes(b"x")
    pytest.importorskip("s3fs", reason="needs gleanery[s3]")
    for name, value in {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(MediaUnavailableError):
        open_media("s3://bucket/prefix").put_bytes(b"x")
