"""The tools, in memory and over HTTP; the process ``python -m model_server``."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import asdict

import httpx2
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

from gleanery.errors import EngineError
from model_server.server import build_server
from tests.crawl import ROOT
from tests.model_echo import TAXONOMY, EchoEngine, engine_set
from tests.model_process import ModelServerProcess, clean_env


def connected():
    """A client in memory; enter it in the test itself, since a fixture would leave it elsewhere."""
    return Client(build_server(engine_set(), TAXONOMY))


async def classify(client, documents):
    return await client.call_tool("classify_batch", {"documents": documents})


async def test_classify_batch_answers_one_result_per_document_in_order():
    async with connected() as client:
        answer = await classify(
            client,
            [
                {"id": "a", "text": "3 첫 문장이다. 둘째."},
                {"text": "0", "title": "<b>T</b>", "url": "x"},
            ],
        )

    first, second = answer.structured_content["results"]
    key = TAXONOMY.keys[3]
    assert first == {
        "id": "a",
        "category": key,
        "subcategory": TAXONOMY[key].subcategories[0].key,
        "scores": dict.fromkeys(TAXONOMY.keys, 0.0) | {key: 1.0},
        "confidence": 1.0,
        "needs_review": False,
        "title": "3 첫 문장이다.",
        "engine": "echo",
        "version": "echo-1/taxonomy-1",
    }
    assert (second["id"], second["category"], second["title"]) == (None, TAXONOMY.keys[0], "T")
    assert answer.content == []  # the result travels once, as structured content


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        ([], "documents is empty: send 1 to 64"),
        ([{"text": "1"}] * 65, "65 documents at once: send at most 64"),
        (
            [{"text": "1"}, {"id": "b", "text": " ", "title": "\n"}],
            "document 1 (id 'b') has neither",
        ),
        ([{"text": 5}], "Input should be a valid string"),
        ("text", "Input should be a valid list"),
    ],
    ids=["none", "too many", "blank", "no string", "no list"],
)
async def test_a_wrong_call_is_told_what_to_do(documents, message):
    async with connected() as client:
        answer = await classify(client, documents)

    assert answer.is_error
    assert message in answer.content[0].text


async def test_a_text_that_is_too_long_is_cut_not_refused():
    async with connected() as client:
        answer = await classify(client, [{"text": "4 " + "가" * 1_000_000}])

    assert answer.structured_content["results"][0]["category"] == TAXONOMY.keys[4]


async def test_a_crash_of_the_engine_is_not_shown_to_callers(caplog):
    async with connected() as client:
        answer = await classify(client, [{"text": "1 boom"}])

    assert answer.is_error
    assert "secret" not in answer.content[0].text
    assert "secret" in caplog.text  # but the operator sees it


async def test_an_engine_that_cannot_start_says_why():
    class Weightless(EchoEngine):
        def load(self):
            raise EngineError("no weights")

    async with Client(build_server(engine_set(Weightless()), TAXONOMY)) as client:
        answer = await classify(client, [{"text": "1"}])
        row = (await client.call_tool("list_engines")).structured_content["engines"][0]

    assert answer.is_error
    assert "engine echo: no weights" in answer.content[0].text
    assert (row["state"], row["error"]) == ("failed", "no weights")


async def test_the_taxonomy_is_a_resource():
    async with connected() as client:
        (resource,) = (await client.list_resources()).resources
        (content,) = (await client.read_resource(str(resource.uri))).contents

    assert resource.name == "taxonomy"
    assert json.loads(content.text) == json.loads(json.dumps(asdict(TAXONOMY)))


async def test_list_engines_says_which_one_answers():
    async with connected() as client:
        before = (await client.call_tool("list_engines")).structured_content["engines"]
        await classify(client, [{"text": "1"}])
        after = (await client.call_tool("list_engines")).structured_content["engines"]

    active = {"name": "echo", "engine": "echo", "active": True, "error": None}
    active |= {"capabilities": ["classify"], "answers": ["classify"]}
    loading = active | {"version": None, "state": "loading"}
    ready = active | {"version": "echo-1/taxonomy-1", "state": "ready"}
    assert [e for e in before if e["active"]] == [loading]
    assert [e for e in after if e["active"]] == [ready]


# --- the process


@pytest.fixture(scope="module")
def process(tmp_path_factory, e5_cache):
    home = tmp_path_factory.mktemp("server")
    shutil.copytree(e5_cache, home / "cache")
    server = ModelServerProcess(home, token="s3cret")
    server.start()
    yield server
    if server.running:
        server.stop()


def post(process, **headers):
    base = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    return httpx2.post(process.url, json=body, headers=base | headers, timeout=60).status_code


async def test_the_process_classifies_over_streamable_http(process):
    headers = {"Authorization": "Bearer s3cret"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as http,
        Client(streamable_http_client(process.url, http_client=http)) as client,
    ):
        answer = await classify(client, [{"text": "김치찌개 끓이는 법과 재료"}])

    (result,) = answer.structured_content["results"]
    assert (result["category"], result["engine"]) == ("food", "e5")


def test_only_those_with_the_token_may_call(process):
    assert post(process) == 401
    assert post(process, authorization="Bearer s3cre") == 401
    assert post(process, authorization=b"Bearer \xc3\xa9") == 401
    assert post(process, authorization="Bearer s3cret") < 500
    assert post(process, authorization="Bearer s3cret") not in (401, 403, 421)


def test_another_host_name_is_refused(process):
    """DNS rebinding: a page of a stranger must not reach a server on loopback."""
    assert post(process, authorization="Bearer s3cret", host="evil.example") == 421


def test_health_needs_no_token(process):
    base = process.url.removesuffix("/mcp")

    assert httpx2.get(f"{base}/healthz", timeout=60).json() == {"status": "ok"}
    state = httpx2.get(f"{base}/readyz", timeout=60).json()
    assert (state["ready"], [e["name"] for e in state["engines"]]) == (True, ["e5"])


def test_sigterm_ends_it_cleanly(process):
    """Runs last: it stops the process that the tests above share."""
    assert process.stop() == 0
    assert "Traceback" not in process.log
    assert "s3cret" not in process.log


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--host", "0.0.0.0"], "set GLEANERY_MODEL_SERVER_TOKEN"),
        (["--engine", "e6"], "No engine is called 'e6'"),
    ],
    ids=["exposed without a token", "unknown engine"],
)
def test_a_wrong_start_ends_with_one_line(tmp_path, arguments, message):
    done = subprocess.run(
        [sys.executable, "-m", "model_server", *arguments],
        cwd=ROOT,
        env=clean_env(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
