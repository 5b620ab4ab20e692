"""Which engines a server runs: ``MODEL_ENGINE`` and the options file."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata

import pytest

from gleanery.errors import ConfigError, EngineError, RegistryError
from items import load_taxonomy
from model_server.engine import find_engines
from model_server.engines.e5 import E5Engine
from model_server.engines.stub import StubEngine, StubOptions
from model_server.runner import EngineRunner
from model_server.spec import parse_spec, read_spec
from tests.crawl import ROOT
from tests.model_echo import TAXONOMY, EchoEngine, engine_set


@pytest.fixture(autouse=True)
def _test_engines(monkeypatch):
    monkeypatch.setenv("GLEANERY_TEST_ENGINES", "1")


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "engines.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


TWO = """
engines:
  quick: {engine: stub, latency_seconds: 0.5, escalate_to: careful, escalate_below: 0.3}
  careful: {engine: e5}
  idle: {engine: stub}
tools: {embed: careful}
"""


def test_a_bare_name_is_that_engine_with_its_defaults():
    spec = read_spec("e5")

    assert (spec.main, list(spec.engines)) == ("e5", ["e5"])
    assert spec.engines["e5"].engine is E5Engine
    assert spec.engines["e5"].options == E5Engine.Options()


def test_the_file_names_engines_and_only_those_that_are_used_are_run(file):
    spec = read_spec("quick", file(TWO))

    quick = spec.engines["quick"]
    assert list(spec.engines) == ["quick", "careful"]
    assert (quick.engine, quick.options) == (StubEngine, StubOptions(latency_seconds=0.5))
    assert (quick.escalate_to, quick.escalate_below) == ("careful", 0.3)
    assert spec.tools == {"embed": "careful"}


def test_options_of_the_caller_lie_over_those_of_the_file(file):
    options = read_spec("quick", file(TWO), max_batch_tokens=9).engines["quick"].options

    assert options == StubOptions(latency_seconds=0.5, max_batch_tokens=9)


def test_a_setting_names_who_answers_a_tool_and_lies_over_the_file(file):
    """Written as ``MODEL_ENGINE`` is; an empty one counts for nothing."""
    told = read_spec("quick", file(TWO), tools={"classify": "idle", "embed": "e5", "title": ""})

    assert told.tools == {"classify": "idle", "embed": "e5"}
    assert list(told.engines) == ["quick", "careful", "e5", "idle"]


@pytest.mark.parametrize(
    ("tools", "message"),
    [
        ({"embed": "stub"}, "engine stub cannot embed"),
        ({"sing": "stub"}, "no engine has the capability 'sing'"),
    ],
)
def test_a_setting_that_no_engine_can_meet_is_refused(tools, message):
    with pytest.raises(ConfigError, match=message):
        read_spec("e5", tools=tools)


@pytest.mark.parametrize(
    ("main", "text", "message"),
    [
        ("stub:/models/x", "engines: {}", "stub takes nothing after a colon"),
        ("q", "engines: {q: {engine: stub, speed: 1}}", "speed: Extra inputs.*options are"),
        ("q", "engines: {q: {engine: stub, latency_seconds: -1}}", "latency_seconds"),
        ("q", "engines: {q: {escalate_to: x}}", "engines.q.engine: Field required"),
        ("q", "engines: {q: {engine: stub, escalate_to: x}}", "no engine is called 'x'"),
        ("q", "engines: {q: {engine: stub, escalate_to: q}}", "leads back to itself"),
        ("q", "engines: {q: {engine: stub}}\ntools: {embed: q}", "engine q cannot embed"),
        ("q", "engines: {q: {engine: stub}}\ntools: {sing: q}", "tools.sing"),
        ("q", "engines: [", "Cannot read"),
        ("q", "motors: {}", "motors"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(file, main, text, message):
    with pytest.raises(ConfigError, match=message):
        read_spec(main, file(text))


def test_an_unknown_engine_is_refused():
    with pytest.raises(RegistryError, match="No engine is called 'gpt'"):
        read_spec("gpt")


def test_a_stub_cannot_be_chosen_by_accident(monkeypatch):
    monkeypatch.delenv("GLEANERY_TEST_ENGINES")

    assert "stub" not in find_engines()
    with pytest.raises(RegistryError):
        parse_spec("stub")


def test_other_distributions_add_engines_by_an_entry_point(tmp_path):
    (tmp_path / "outside.py").write_text(
        "from model_server.engines.stub import StubEngine\n"
        "class Outside(StubEngine):\n    name = 'outside'\n    for_tests = False\n"
    )
    info = tmp_path / "outside-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: outside\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[gleanery.engines]\noutside = outside:Outside\n")
    code = "from model_server.engine import find_engines; print(sorted(find_engines()))"
    env = os.environ | {"PYTHONPATH": f"{ROOT}:{tmp_path}"}
    out = subprocess.run(
        [sys.executable, "-c", code], env=env, cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert "'outside'" in out.stdout
    assert not metadata.entry_points(group="gleanery.engines")  # this process has none


# --- the self-test


def test_an_engine_that_knows_nothing_is_not_ready_and_says_why():
    class Ignorant(EchoEngine):
        pass

    engine = Ignorant(options=StubOptions(self_test=True))
    runner = EngineRunner(engine_set(engine).main.spec, lambda: engine)

    error = runner.start().exception()
    runner.close()

    assert isinstance(error, EngineError)
    assert "self-test failed, 6 of 6 known answers are wrong" in str(error)
    assert not runner.ready


def test_the_default_engine_passes_its_self_test(e5_cache):
    engine = parse_spec("e5").make(load_taxonomy(), cache=e5_cache)
    engine.load()

    engine.self_test()

    assert engine.taxonomy == TAXONOMY
