"""Built images: what is in them, and that they start and stop as Kubernetes runs them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import httpx2
import pytest

from model_server.client import ModelClient
from model_server.schema import Document
from tests.conftest import wait_until
from tests.images.containers import Container, container
from tests.ports import free_ports

pytestmark = pytest.mark.slow
PORT = {
    "client": "--port", "admin": "--port", "model": "--port",
    "worker": "GLEANERY_WORK_METRICS_PORT", "crawl": "GLEANERY_SCRAPYD_PORT",
}  # fmt: skip
"""How each image's program is told where to listen."""
TOKEN = "a-token-for-callers"
MODEL = {
    "GLEANERY_MODEL_ENGINE": "stub", "GLEANERY_TEST_ENGINES": "1",
    "GLEANERY_MODEL_SERVER_TOKEN": TOKEN,
}  # fmt: skip
ANSWERS = {
    "client": {"/healthz": 200, "/openapi.json": 200, "/v1/items": 401},
    "admin": {"/healthz": 200, "/login": 200, "/jobs": 303},
    "model": {"/healthz": 200, "/readyz": 200, "/mcp": 401},
    "worker": {"/healthz": 200, "/readyz": 200},
    "crawl": {"/healthz": 200, "/listprojects.json": 200},
}
HEAVY = (
    "av, ctranslate2, cv2, demucs_infer, faster_whisper, llama_cpp, llguidance, onnxruntime, "
    "openvino, sherpa_onnx, soundfile, tokenizers, torch, transformers, whisper"
)
"""What the engines import when they load; all of it is there, and finds its libraries."""
FOOTBALL = "The striker scored twice and the team won the league's last match of the season."
SMALLEST_WEIGHTS = 2**20
"""Bytes. torch brings a script of 3 kB as ``.pt``, for its own tests."""
COMPILERS = ("gcc", "cc", "g++", "make", "cmake", "ld", "pip", "pip3", "git")


@pytest.fixture(scope="module", params=list(PORT))
def built(request: pytest.FixtureRequest) -> Iterator[Container]:
    with container(request.param) as found:
        yield found


@pytest.mark.timeout(900)
def test_an_image_holds_no_compiler_and_tells_what_it_holds(built):
    bill = json.loads((built.folder / "opt/gleanery/sbom.cdx.json").read_text("utf-8"))
    held = {each["name"]: each["version"] for each in bill["components"]}
    folders = ("bin", "usr/bin", "usr/local/bin", "opt/gleanery/bin")
    known = {p.name for folder in folders for p in (built.folder / folder).glob("*")}
    kept = [p for s in ("gguf", "safetensors", "pt") for p in built.folder.rglob(f"*.{s}")]
    weights = [path for path in kept if path.stat().st_size > SMALLEST_WEIGHTS]

    assert known.isdisjoint(COMPILERS)
    assert "gleanery" in held
    assert len(held) > 60
    assert weights == []
    assert built.config["User"] == "10001:10001"
    assert built.labels["org.opencontainers.image.title"] == f"gleanery/{built.name}"


def test_an_image_cannot_be_written_to_but_for_its_volumes(built):
    script = "id -u; touch /data/x /tmp/x && echo open; touch /app/x /opt/gleanery/x /x"
    done = built.run("sh", "-c", script)
    said = done.communicate(timeout=180)[0].decode()

    assert said.split("\n")[:2] == ["10001", "open"]
    assert said.count("Read-only file system") == 3


def test_an_image_answers_and_ends_in_good_order(built):
    (port,) = free_ports(1)
    told, way, wanted = dict(MODEL), PORT[built.name], ANSWERS[built.name]
    more = [way, str(port)] if way == "--port" else []
    told |= {} if more else {way: str(port)}
    program = built.start(*more, **told)
    try:
        wait_until(lambda: answer(port, "/healthz") == 200, seconds=120, every_seconds=0.2)
        wait_until(lambda: answers(port, wanted) == wanted, seconds=60, every_seconds=0.5)
        program.terminate()
        status = program.wait(timeout=180)
    finally:
        program.kill()
    said = program.communicate()[0].decode()

    assert status in {0, -15}, said
    assert "Traceback" not in said


@pytest.mark.timeout(600)
async def test_the_model_image_computes_with_what_is_in_it():
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    with container("model") as built:
        done = built.run("python", "-c", f"import {HEAVY}")
        said = done.communicate(timeout=300)[0].decode()
        server = built.start("--port", str(port), GLEANERY_MODEL_SERVER_TOKEN=TOKEN)
        try:
            wait_until(lambda: answer(port, "/readyz") == 200, seconds=180, every_seconds=0.5)
            client = ModelClient(f"{url}/mcp", timeout=60, token=TOKEN)
            await client.open()
            told = await client.classify(Document(text=FOOTBALL))
            await client.close()
        finally:
            server.terminate()
            server.communicate(timeout=60)

    assert done.returncode == 0, said
    assert (told.engine, told.category) == ("e5", "sports_leisure")


def answers(port: int, paths: Iterable[str]) -> dict[str, int]:
    return {path: answer(port, path) for path in paths}


def answer(port: int, path: str) -> int:
    """Ask; 0 while nobody listens."""
    try:
        return int(httpx2.get(f"http://127.0.0.1:{port}{path}", timeout=60).status_code)
    except httpx2.TransportError:
        return 0
