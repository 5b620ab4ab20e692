"""From labels that people corrected to a trained profile: read, merge, try out, train, keep."""

from __future__ import annotations

import csv
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from gleanery.config import load_config
from gleanery.errors import ConfigError
from items.taxonomy import load_taxonomy
from model_server.engine import Verdict
from model_server.engines.e5 import E5Engine
from model_server.evaluate import (
    LabelledRow,
    Report,
    compare,
    documents_of,
    load_rows,
    row_of,
    spread,
)
from model_server.lead import is_korean
from model_server.likeness.cross_validation import Labelled, cross_validate
from model_server.likeness.head import Shares, train_head
from model_server.likeness.profiles import Card, Profile, load_labelled, save_profile
from model_server.schema import MAX_DOCUMENTS
from model_server.spec import read_spec
from model_server.trial import Progress, Trial, peak_memory

MAX_ROWS = 6_000
"""Rows that a head learns from at most: its cost grows with their cube. Of more, an even spread."""


@dataclass(slots=True, kw_only=True, frozen=True)
class Rehearsal:
    """How good a head is that learns from some rows, by cross-validation on them."""

    before: Report
    """The prototypes alone; as :func:`model_server.evaluate.compare` gives it."""
    inside: Report
    """Heads that had not seen the row, but others of its source."""
    across: Report
    """Heads that had seen nothing of the row's source."""
    temperature: float


def read_feedback(path: Path) -> list[LabelledRow]:
    """Read labelled rows: CSV with a line of names if the file ends in ``.csv``, else JSON lines.

    Raises:
        ConfigError: It is missing, empty or malformed; the message names the line.
    """
    if path.suffix.lower() != ".csv":
        return load_rows(path)
    keys = load_taxonomy().keys
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restkey="", strict=True)
            rows = [_csv_row(row, f"{path}, line {reader.line_num}", keys) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"Cannot read {path}: {error}") from error
    if not rows:
        raise ConfigError(f"{path} holds no rows")
    return rows


def merge(kept: Sequence[LabelledRow], new: Sequence[LabelledRow]) -> list[LabelledRow]:
    """Return both; of rows with the same title and text the last one counts."""
    found = {(row.title.strip(), row.text.strip()): row for row in (*kept, *new)}
    return list(found.values())


def learn(
    engine: E5Engine,
    new: Sequence[LabelledRow],
    *,
    name: str,
    folder: Path,
    progress: Progress | None = None,
) -> Profile:
    """Merge ``new`` into what profile ``name`` learnt from, train on all of it, keep the result.

    Args:
        engine: Loaded.
        new: May be empty: the same rows again, for another encoder or taxonomy.
        name: A profile; made if there is none.
        folder: Where profiles are.
        progress: Called with rows embedded and rows in all.

    Raises:
        ConfigError: There is nothing to learn from, or the profile is damaged.
    """
    rows = merge(known_rows(name, folder), new)
    if not rows:
        raise ConfigError(f"Profile {name} has no rows yet: import some first")
    taught = spread(rows, MAX_ROWS)
    labelled = embed_rows(engine, taught, progress)
    result = rehearse(taught, labelled)
    head = train_head(labelled.vectors, labelled.labels, labelled.shares, labelled.keys)
    card = Card(
        name=name,
        version=0,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        rows=len(rows),
        sources=dict(Counter(row.source for row in rows)),
        taxonomy=engine.taxonomy.version,
        weights=engine.encoder.weights,
        temperature=result.temperature,
        before=_kept(result.before),
        inside=_kept(result.inside),
        across=_kept(result.across),
    )
    return save_profile(Profile(card=card, head=head), [_as_dict(row) for row in rows], folder)


def rehearse(rows: Sequence[LabelledRow], labelled: Labelled) -> Rehearsal:
    """Cross-validate.

    Args:
        rows: At least one.
        labelled: The same rows, embedded.
    """
    answers = cross_validate(labelled)
    keys = labelled.keys
    return Rehearsal(
        before=compare(rows, verdicts(labelled.shares, keys)),
        inside=compare(rows, verdicts(answers.inside, keys)),
        across=compare(rows, verdicts(answers.across, keys)),
        temperature=answers.temperature,
    )


def try_across(
    engine: str,
    rows: Sequence[LabelledRow],
    *,
    folder: Path,
    cache: Path,
    progress: Progress | None = None,
) -> Trial:
    """Ask about each source a head that was trained on the others: what to expect of a new source.

    Args:
        engine: One that learns.
        rows: Of two sources at least, else nothing can be learnt from another.
        folder: Where profiles are.
        cache: Where the engine keeps what is dear to compute.
        progress: Called with rows embedded and rows in all.

    Raises:
        ConfigError: The engine cannot learn.
        EngineError: It does not run here.
    """
    started = time.perf_counter()
    reader = load_reader(engine, folder, cache)
    loaded = time.perf_counter()
    labelled = embed_rows(reader, rows, progress)
    seconds = time.perf_counter() - loaded
    return Trial(
        version=f"{reader.version}/cross-source",
        verdicts=verdicts(cross_validate(labelled).across, labelled.keys),
        load_seconds=loaded - started,
        seconds=seconds,
        memory_bytes=peak_memory(),
    )


def load_reader(engine: str, folder: Path, cache: Path) -> E5Engine:
    """Load the engine that embeds what is to be learnt; its profile is left aside.

    Raises:
        ConfigError: It cannot learn.
        EngineError: It does not run here.
    """
    file = load_config().model_engines_file
    spec = read_spec(engine, file).engines[engine]
    if not issubclass(spec.engine, E5Engine):
        raise ConfigError(f"engine {engine} does not learn from feedback; e5 does")
    spec = read_spec(engine, file, profile="", profiles=folder).engines[engine]
    made = spec.make(load_taxonomy(), cache=cache)
    assert isinstance(made, E5Engine)
    made.load()
    return made


def embed_rows(
    engine: E5Engine, rows: Sequence[LabelledRow], progress: Progress | None = None
) -> Labelled:
    """Return ``rows`` as the engine sees them."""
    documents, keys = documents_of(rows), engine.taxonomy.keys
    parts = []
    for start in range(0, len(rows), MAX_DOCUMENTS):
        parts.append(engine.read(documents[start : start + MAX_DOCUMENTS]))
        if progress:
            progress(min(start + MAX_DOCUMENTS, len(rows)), len(rows))
    return Labelled(
        vectors=np.concatenate([vectors for vectors, _ in parts]),
        korean=[is_korean(f"{row.title} {row.text}") for row in rows],
        labels=[keys.index(row.category) for row in rows],
        sources=[row.source for row in rows],
        keys=keys,
        shares=np.concatenate([shares for _, shares in parts]),
    )


def known_rows(name: str, folder: Path) -> list[LabelledRow]:
    """Return what profile ``name`` learnt from, less what the taxonomy has no place for now.

    Raises:
        ConfigError: It is damaged.
    """
    keys = load_taxonomy().keys
    kept = [row for row in load_labelled(name, folder) if row.get("category") in keys]
    return [row_of(row, f"profile {name}, row {n}", keys) for n, row in enumerate(kept, 1)]


def verdicts(shares: Shares, keys: Sequence[str], review_below: float = 0.5) -> list[Verdict]:
    """Return ``shares`` as an engine would put them, without sub-categories."""
    return [
        Verdict(
            scores=dict(zip(keys, row.tolist(), strict=True)),
            category=keys[int(row.argmax())],
            subcategory=None,
            needs_review=bool(row.max() < review_below),
        )
        for row in shares
    ]


def _csv_row(row: Mapping[str, str | None], where: str, keys: Sequence[str]) -> LabelledRow:
    if "" in row:
        raise ConfigError(f"{where}: more cells than names in the first line")
    return row_of({name: value or "" for name, value in row.items()}, where, keys)


def _as_dict(row: LabelledRow) -> dict[str, Any]:
    return {
        "text": row.text,
        "title": row.title,
        "category": row.category,
        "lang": row.language,
        "source": row.source,
    }


def _kept(report: Report) -> dict[str, float]:
    confidence = report["confidence"]
    return {name: report[name] for name in ("accuracy", "macro_f1")} | {
        name: confidence[name] for name in ("ece", "sure_share", "sure_accuracy")
    }
