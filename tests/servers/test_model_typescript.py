"""The official TypeScript client of MCP, from npm, against our server: older protocol versions."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.conftest import missing_server
from tests.model_echo import TAXONOMY
from tests.model_serving import Served
from tests.model_talking import TalkingEngine

HERE = Path(__file__).parents[1] / "mcp_ts"
PICTURE = base64.b64encode(cv2.imencode(".png", np.zeros((20, 20, 3), np.uint8))[1]).decode()
CALLS = {
    "classify": ("classify_batch", {"documents": [{"id": "a", "text": "3 첫 문장이다. 둘째."}]}),
    "title": ("title", {"documents": [{"id": "a", "text": "1"}]}),
    "summarize": ("summarize", {"documents": [{"id": "a", "text": "12345"}]}),
    "embed": ("embed", {"texts": ["one", "three"]}),
    "propose": ("propose_category", {"documents": [{"id": "a", "text": "1"}]}),
    "describe": ("describe_image", {"image": PICTURE}),
    "engines": ("list_engines", {}),
    "taxonomy": ("taxonomy", {}),
    "bad argument": ("classify_batch", {"documents": "text"}),
    "too many": ("classify_batch", {"documents": [{"text": "1"}] * 65}),
    "crash": ("classify_batch", {"documents": [{"text": "1 boom"}]}),
    "unknown tool": ("no_such_tool", {}),
}

TEXT_TOOLS = {name for name, _ in CALLS.values()} - {"no_such_tool"}
MEDIA_TOOLS = {"vectorize_video", "vectorize_frames", "transcribe", "denoise", "separate"}
"""Listed too; they need files and engines of their own, as ``test_video_tools`` has them."""


def install(source, folder):
    """Install what the lock file of ``source`` names into ``folder``; skip where it cannot be."""
    if not (shutil.which("node") and shutil.which("npm")):
        missing_server("node and npm")
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(source / name, folder)
    command = ["npm", "ci", "--ignore-scripts", "--prefer-offline"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode:
        missing_server(f"npm packages of {source.name}: {done.stderr[-300:]}")


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """A folder with the script and its packages."""
    folder = tmp_path_factory.mktemp("mcp_ts")
    install(HERE, folder)
    shutil.copy(HERE / "conformance.mjs", folder)
    return folder


@pytest.fixture(scope="module")
def report(packages):
    with Served(TalkingEngine(), token="s3cret") as served:
        arguments = [served.url, "s3cret", json.dumps(list(CALLS.values()))]
        done = subprocess.run(
            ["node", "conformance.mjs", *arguments],
            cwd=packages, capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def answers(report):
    return dict(zip(CALLS, report["calls"], strict=True))


def content(answers, name):
    return answers[name]["answer"]["structuredContent"]


def test_it_connects_with_a_protocol_that_it_knows(report):
    assert report["protocol"].startswith("2025-")
    assert report["server"] == "gleanery-models"
    assert "classify_batch" in report["instructions"]
    assert report["ping"] == {"answer": {}}


def test_it_lists_every_tool_with_its_schemas(report):
    tools = {tool["name"]: tool for tool in report["tools"]}

    assert set(tools) == TEXT_TOOLS | MEDIA_TOOLS
    for tool in tools.values():
        assert tool["description"]
        assert tool["inputSchema"]["type"] == tool["outputSchema"]["type"] == "object"


def test_it_calls_every_tool_and_accepts_the_structured_answer(answers):
    """The SDK checks each answer against the tool's output schema."""
    (row,) = content(answers, "classify")["results"]
    assert (row["id"], row["category"], row["title"]) == ("a", TAXONOMY.keys[3], "3 첫 문장이다.")
    assert content(answers, "title")["results"][0]["text"] == "title of a"
    assert content(answers, "summarize")["results"][0]["text"] == "5 characters."
    assert content(answers, "embed")["vectors"] == [[3.0, 0.0], [5.0, 0.0]]
    assert content(answers, "propose")["proposals"][0]["evidence"] == ["a"]
    assert content(answers, "describe")["description"] == "16 by 16"
    assert [e["name"] for e in content(answers, "engines")["engines"] if e["active"]] == ["echo"]
    assert [c["key"] for c in content(answers, "taxonomy")["categories"]] == list(TAXONOMY.keys)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bad argument", "Input should be a valid list"),
        ("too many", "65 documents at once: send at most 64"),
        ("crash", "Error executing tool classify_batch"),
        ("unknown tool", "no_such_tool"),
    ],
)
def test_errors_tell_it_what_was_wrong(answers, name, message):
    """As a result that is an error, or as an error of the protocol; never a secret of ours."""
    told = json.dumps(answers[name])

    assert message in told
    assert "error" in answers[name] or answers[name]["answer"]["isError"]
    assert "secret" not in told


def test_it_reads_the_taxonomy_and_is_told_that_others_are_missing(report):
    assert [r["uri"] for r in report["resources"]] == ["gleanery://taxonomy"]
    (text,) = report["resource"]["answer"]["contents"]
    assert [c["key"] for c in json.loads(text["text"])["categories"]] == list(TAXONOMY.keys)
    assert "gleanery://nothing" in report["noResource"]["error"]


def test_calls_at_once_and_a_cancelled_one_leave_it_at_work(report):
    assert report["atOnce"] == [str(n) for n in range(20)]
    assert "changed my mind" in report["cancelled"]["error"]


def test_without_the_token_it_is_refused(report):
    assert "401" in json.dumps(report["noToken"]) or "nauthorized" in report["noToken"]["error"]
    assert "error" in report["wrongToken"]
    assert "answer" not in report["wrongToken"]


@pytest.mark.slow
def test_the_inspector_lists_and_calls_tools_from_its_command_line(tmp_path):
    install(HERE / "inspector", tmp_path)
    program = tmp_path / "node_modules/.bin/mcp-inspector"

    def inspect(served, *arguments):
        command = [program, "--cli", served.url, "--transport", "http", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)

    with Served(TalkingEngine(), token="s3cret") as served:
        token = ("--header", "Authorization: Bearer s3cret")
        tools = inspect(served, *token, "--method", "tools/list")
        call = ("--method", "tools/call", "--tool-name", "embed", "--tool-arg", 'texts=["one"]')
        answer = inspect(served, *token, *call)
        refused = inspect(served, "--method", "tools/list")

    listed = {tool["name"] for tool in json.loads(tools.stdout)["tools"]}
    assert listed == TEXT_TOOLS | MEDIA_TOOLS
    assert json.loads(answer.stdout)["structuredContent"]["vectors"] == [[3.0, 0.0]]
    assert refused.returncode != 0
