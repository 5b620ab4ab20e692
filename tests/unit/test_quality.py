"""Models keep the quality that ``tests/quality.yaml`` states."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from model_server.evaluate import load_rows, spread
from model_server.likeness.feedback import embed_rows, load_reader, rehearse
from tests.conftest import EVALSET

FLOORS = yaml.safe_load(Path(__file__).parents[1].joinpath("quality.yaml").read_text("utf-8"))

ROWS = 1_108
"""A third of the set, spread over it: all of it takes minutes of processor time."""


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_e5_keeps_its_quality_with_and_without_labels(e5_cache, tmp_path):
    if not EVALSET.is_file():
        pytest.skip("evaluation set: set GLEANERY_FIXTURES to a folder with evalset beside it")
    floors, rows = FLOORS["e5"], spread(load_rows(EVALSET), ROWS)
    engine = load_reader("e5", tmp_path, e5_cache)

    result = rehearse(rows, embed_rows(engine, rows))

    for kind in ("before", "inside", "across"):
        report = getattr(result, kind)
        assert report["accuracy"] >= floors[kind]["accuracy"], kind
        assert report["macro_f1"] >= floors[kind]["macro_f1"], kind
    languages = result.before["per_language"].values()
    assert min(group["accuracy"] for group in languages) >= floors["before"]["language"]
    for report in (result.before, result.inside):
        assert report["confidence"]["ece"] <= floors["calibration_error"]
