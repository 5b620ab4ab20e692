"""``gleanery models``: weights from a server and a folder, stopped, changed, gone."""

from __future__ import annotations

import threading
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml

from gleanery.errors import ConfigError, WeightsError, WeightsUnavailableError
from model_server.weights import Source, Weights, fetch, read_lock
from tests.cli import gleanery

BYTES = bytes(range(256)) * 16_000  # 4 MB


class Hub(ThreadingHTTPServer):
    """Serves one file under every address, with ranges; notes what it was asked for."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Answer)
        self.content, self.cut, self.knows_ranges = BYTES, None, True
        self.asked = []


class _Answer(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self):
        begin = self.headers.get("Range", "bytes=0-")[6:-1]
        self.server.asked.append((self.path, int(begin), self.headers.get("Authorization")))
        if "absent" in self.path:
            self.send_error(404)
            return
        start = int(begin) if self.server.knows_ranges else 0
        body = self.server.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.cut])  # shorter than promised: as if the line broke

    def log_message(self, *_):
        pass


@pytest.fixture
def hub():
    with Hub() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        server.url = f"http://127.0.0.1:{server.server_port}"
        yield server
        server.shutdown()


@pytest.fixture
def file():
    return Weights(name="deep/w.bin", size=len(BYTES), sha256=sha256(BYTES).hexdigest())


def write(path, source, **files):
    text = yaml.safe_dump({"models": {"small": {"source": source, "files": files}}})
    path.write_text(text, encoding="utf-8")


def test_a_lock_is_filled_fetched_elsewhere_and_verified(tmp_path, hub):
    """The whole way of an operator, in processes of their own."""
    lock, there = tmp_path / "models.yaml", tmp_path / "models" / "small" / "w.bin"
    write(lock, f"{hub.url}/folder", **{"w.bin": {}})

    refused = gleanery(tmp_path, "models", "fetch").error
    assert gleanery(tmp_path, "models", "lock").returncode == 0
    locked = yaml.safe_load(lock.read_text(encoding="utf-8"))["models"]["small"]["files"]
    there.unlink()
    fetched = gleanery(tmp_path, "models", "fetch", "--json").json
    whole = there.read_bytes() == BYTES
    listed = gleanery(tmp_path, "models", "list", "--json").json
    there.write_bytes(BYTES[:-1] + b"!")  # same size
    bad = gleanery(tmp_path, "models", "verify", "--json")

    assert "gleanery models lock" in refused
    assert locked == {"w.bin": {"size": len(BYTES), "sha256": sha256(BYTES).hexdigest()}}
    assert fetched == [{"model": "small", "file": "w.bin", "fetched": True}]
    assert whole
    assert [(row["bytes"], row["there"]) for row in listed] == [(len(BYTES), 1)]
    assert (bad.returncode, bad.json[0]["state"]) == (1, "wrong checksum")


def test_a_broken_line_is_gone_on_from_where_it_broke(tmp_path, hub, file):
    source, hub.cut = Source(f"{hub.url}/w.bin"), 3_000_000

    with pytest.raises(WeightsUnavailableError):
        fetch(source, tmp_path, file)
    part = (tmp_path / "deep" / "w.bin.part").stat().st_size
    named = (tmp_path / file.name).exists()
    hub.cut = None
    path = fetch(source, tmp_path, file)

    assert not named
    assert 0 < part <= 3_000_000
    assert [start for _, start, _ in hub.asked] == [0, part]
    assert path.read_bytes() == BYTES
    assert [p.name for p in path.parent.iterdir()] == ["w.bin"]


def test_a_server_without_ranges_gives_it_all_again(tmp_path, hub, file):
    hub.knows_ranges = False
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "w.bin.part").write_bytes(BYTES[:1000])

    assert fetch(Source(f"{hub.url}/w.bin"), tmp_path, file).read_bytes() == BYTES


def test_another_file_never_gets_the_name(tmp_path, hub, file):
    """What stood there before still does."""
    hub.content = BYTES[:-1] + b"!"
    (tmp_path / "deep").mkdir()
    (tmp_path / file.name).write_bytes(b"older")

    with pytest.raises(WeightsError, match="SHA-256"):
        fetch(Source(f"{hub.url}/w.bin"), tmp_path, file)

    assert (tmp_path / file.name).read_bytes() == b"older"
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["w.bin"]


def test_files_of_a_folder_and_files_that_are_not_there(tmp_path, hub, file):
    (tmp_path / "source" / "deep").mkdir(parents=True)
    (tmp_path / "source" / file.name).write_bytes(BYTES)

    copied = fetch(Source.find(f"file://{tmp_path}/source", file.name), tmp_path, file)

    assert copied.read_bytes() == BYTES
    with pytest.raises(WeightsError, match="404"):
        fetch(Source(f"{hub.url}/absent"), tmp_path / "a", file)
    with pytest.raises(WeightsUnavailableError, match="run it again"):
        fetch(Source("http://127.0.0.1:9/w.bin"), tmp_path / "b", file)
    with pytest.raises(WeightsError, match="free"):
        fetch(Source(f"{hub.url}/w.bin"), tmp_path, Weights(name="x", size=2**60, sha256="0" * 64))


def test_a_hub_is_asked_for_the_revision_with_the_token(tmp_path, hub, file):
    pytest.importorskip("huggingface_hub")
    facts = {"size": file.size, "sha256": file.sha256}
    write(tmp_path / "models.yaml", "hf:me/small@abc123", **{file.name: facts})

    done = gleanery(tmp_path, "models", "fetch", HF_ENDPOINT=hub.url, HF_TOKEN="hf_secret")

    assert done.returncode == 0, done.stderr
    assert hub.asked == [("/me/small/resolve/abc123/deep/w.bin", 0, "Bearer hf_secret")]
    assert (tmp_path / "models" / "small" / file.name).read_bytes() == BYTES


@pytest.mark.parametrize(
    ("name", "source", "problem"),
    [
        ("../w.bin", "https://h/x", "leads out"),
        ("/w.bin", "https://h/x", "leads out"),
        ("w.bin", "ftp://h/x", "file:///"),
        ("w.bin", "hf:me/small", "REVISION"),
    ],
    ids=["parent", "absolute", "scheme", "no revision"],
)
def test_a_wrong_lock_is_explained(tmp_path, name, source, problem):
    write(tmp_path / "models.yaml", source, **{name: {"size": 1, "sha256": "0" * 64}})

    with pytest.raises(ConfigError, match=problem):
        Source.find(read_lock(tmp_path / "models.yaml")[0].source, name)
