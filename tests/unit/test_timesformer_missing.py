"""The engine ``timesformer`` where its libraries or its checkpoint are missing; needs none."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from gleanery.errors import EngineError
from model_server.video.checkpoint import find_checkpoint
from tests.crawl import ROOT

CODE = """
import sys
for name in {blocked!r}:
    sys.modules[name] = None
from items import load_taxonomy
from model_server.engines.timesformer import TimesformerEngine, TimesformerOptions
from pathlib import Path
options = TimesformerOptions(model={folder!r}, backend={backend!r})
engine = TimesformerEngine(load_taxonomy(), options, cache=Path({cache!r}))
try:
    engine.load()
except Exception as error:
    print(type(error).__name__, error)
"""
ALL = ("torch", "onnx", "onnxruntime", "openvino", "transformers", "huggingface_hub")


@pytest.fixture
def folder(tmp_path):
    """What looks like a checkpoint; its weights are never read."""
    path = tmp_path / "checkpoint"
    path.mkdir()
    config = {"model_type": "timesformer", "id2label": {"0": "running", "1": "jumping"}}
    (path / "config.json").write_text(json.dumps(config), "utf-8")
    (path / "model.safetensors").write_bytes(b"weights")
    return path


def load(folder, cache, *, backend="auto", blocked=ALL, name=None):
    """Load in a process where libraries cannot be imported; return what it says."""
    code = CODE.format(
        blocked=blocked, folder=name or str(folder), backend=backend, cache=str(cache)
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize("backend", ["auto", "onnx", "openvino", "torch"])
def test_without_the_libraries_it_says_what_to_install(folder, tmp_path, backend):
    told = load(folder, tmp_path / "cache", backend=backend)

    assert told.startswith("EngineError backend ")
    assert "pip install 'gleanery[models]'" in told


def test_a_name_on_the_hub_needs_the_library_that_fetches(folder, tmp_path):
    told = load(folder, tmp_path, name="someone/some-timesformer")

    assert told.startswith("EngineError someone/some-timesformer is no folder, and to fetch it")


def test_a_checkpoint_is_known_by_its_bytes(folder):
    before = find_checkpoint(str(folder), "main")
    (folder / "model.safetensors").write_bytes(b"other weights")
    after = find_checkpoint(str(folder), "main")

    assert (before.name, before.labels, before.dim) == ("checkpoint", ("running", "jumping"), 768)
    assert before.digest != after.digest


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"model_type": "bert"}'])
def test_a_config_that_is_none_is_refused(folder, text):
    (folder / "config.json").write_text(text, "utf-8")

    with pytest.raises(EngineError, match=r"config\.json|model_type"):
        find_checkpoint(str(folder), "main")
