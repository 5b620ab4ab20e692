"""How good an engine is: its answers against labelled rows."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gleanery.config import load_config
from gleanery.errors import ConfigError
from items.taxonomy import load_taxonomy
from model_server.engine import Verdict
from model_server.schema import Document
from model_server.trial import Contender, Progress, Trial, run_trial

Report = dict[str, Any]


@dataclass(slots=True, kw_only=True, frozen=True)
class LabelledRow:
    """One line of an evaluation file: ``{"text", "category", "lang"?, "title"?, "source"?}``."""

    text: str
    category: str
    """The right key."""
    language: str = "?"
    title: str = ""
    source: str = "?"
    """Where the row comes from; figures are given for each, since labels differ in quality."""


def load_rows(path: Path) -> list[LabelledRow]:
    """Read a file of JSON lines.

    Raises:
        ConfigError: It is missing, empty or malformed; the message names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Cannot read {path}: {error}") from error
    keys = load_taxonomy().keys
    numbered = ((f"{path}, line {n}", line) for n, line in enumerate(lines, 1) if line.strip())
    rows = [_row(line, where, keys) for where, line in numbered]
    if not rows:
        raise ConfigError(f"{path} holds no rows")
    return rows


def spread(rows: Sequence[LabelledRow], limit: int | None) -> Sequence[LabelledRow]:
    """Return at most ``limit`` rows, evenly spread over all of them."""
    if not limit or limit >= len(rows):
        return rows
    return [rows[number * len(rows) // limit] for number in range(limit)]


def evaluate(
    engine_name: str,
    rows: Sequence[LabelledRow],
    *,
    cache: Path | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Report:
    """Classify ``rows`` and compare.

    Args:
        engine_name: A file of ``model_server/engines``.
        rows: At least one.
        cache: Where the engine keeps what is dear to compute; default ``HOME/cache``.
        progress: Called with rows done and rows in all, after each batch.
        options: Laid over the engine's, e.g. ``profile``.

    Returns:
        ``accuracy``; ``macro_f1`` (mean over categories that occur as label or answer);
        ``docs_per_second`` (loading left out); ``per_class``: precision, recall, f1, support;
        ``per_language``, ``per_source``: rows and accuracy; ``confidence``: mean, share and
        accuracy of the rows not sent to review, calibration error; ``rows``; ``engine``;
        ``version``; ``load_seconds``; ``memory_mb``. Every share is in [0, 1].

    Raises:
        RegistryError: There is no such engine.
        EngineError: It does not run here.
    """
    config = load_config()
    contender = Contender(
        engine=engine_name, engines_file=config.model_engines_file, options=options
    )
    trial = run_trial(
        contender, documents_of(rows), cache=cache or config.home / "cache", progress=progress
    )
    return figures(rows, trial) | {"engine": engine_name}


def figures(rows: Sequence[LabelledRow], trial: Trial) -> Report:
    """Return all of :func:`evaluate`, and ``memory_mb``: the most that the process has held."""
    return {
        "version": trial.version,
        "rows": len(rows),
        "docs_per_second": round(len(rows) / trial.seconds, 2),
        "load_seconds": round(trial.load_seconds, 2),
        "memory_mb": round(trial.memory_bytes / 1e6),
    } | compare(rows, trial.verdicts)


def compare(rows: Sequence[LabelledRow], verdicts: Sequence[Verdict]) -> Report:
    """Return the figures of :func:`evaluate` that need no engine."""
    answers = [verdict.category for verdict in verdicts]
    right = [row.category == answer for row, answer in zip(rows, answers, strict=True)]
    sure = [not verdict.needs_review for verdict in verdicts]
    per_class = _per_class([row.category for row in rows], answers)
    return {
        "accuracy": _mean(right),
        "macro_f1": _mean(figures["f1"] for figures in per_class.values()),
        "confidence": {
            "mean": _mean(verdict.confidence for verdict in verdicts),
            "sure_share": _mean(sure),
            "sure_accuracy": _mean(r for r, s in zip(right, sure, strict=True) if s),
            "ece": calibration_error([verdict.confidence for verdict in verdicts], right),
        },
        "per_class": per_class,
        "per_language": _groups([row.language for row in rows], right),
        "per_source": _groups([row.source for row in rows], right),
    }


def calibration_error(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """Return the expected calibration error in [0, 1]: 0 = as often right as confident.

    Bins of equal width, weighted by their rows (Naeini et al., 2015, AAAI).
    """
    found: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for confidence, hit in zip(confidences, right, strict=True):
        found[min(bins - 1, int(confidence * bins))].append((confidence, hit))
    gaps = (abs(sum(c for c, _ in rows) - sum(h for _, h in rows)) for rows in found.values())
    return _share(sum(gaps), len(right))


def _row(line: str, where: str, keys: Sequence[str]) -> LabelledRow:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise ConfigError(f"{where}: no JSON ({error})") from error
    if not isinstance(row, dict):
        raise ConfigError(f"{where}: expected an object, got {type(row).__name__}")
    return row_of(row, where, keys)


def row_of(row: Mapping[str, Any], where: str, keys: Sequence[str]) -> LabelledRow:
    """Check one row, read from any format.

    Args:
        row: ``text``, ``category`` and so on.
        where: Begins every message, e.g. file and line.
        keys: The categories there are.

    Raises:
        ConfigError: It has no words, or no category of ours.
    """
    text, category, title = (row.get(name, "") for name in ("text", "category", "title"))
    if not all(isinstance(value, str) for value in (text, category, title)):
        raise ConfigError(f"{where}: text, category and title are strings")
    if not (text.strip() or title.strip()):
        raise ConfigError(f"{where}: neither 'text' nor 'title'")
    if category not in keys:
        raise ConfigError(f"{where}: no category {category!r} in the taxonomy")
    language = str(row.get("lang") or row.get("language") or "?")
    source = str(row.get("source") or "?")
    return LabelledRow(text=text, category=category, language=language, title=title, source=source)


def documents_of(rows: Sequence[LabelledRow]) -> list[Document]:
    """Return what an engine is asked about ``rows``: all but the right answers."""
    return [Document(text=row.text, title=row.title, language=_known(row.language)) for row in rows]


def _known(language: str) -> str | None:
    return None if language == "?" else language


def _per_class(labels: Sequence[str], answers: Sequence[str]) -> dict[str, dict[str, float]]:
    support, given = Counter(labels), Counter(answers)
    hits = Counter(a for label, a in zip(labels, answers, strict=True) if label == a)
    return {
        key: {
            "precision": _share(hits[key], given[key]),
            "recall": _share(hits[key], support[key]),
            "f1": _share(2 * hits[key], given[key] + support[key]),
            "support": support[key],
        }
        for key in load_taxonomy().keys
        if support[key] or given[key]
    }


def _groups(names: Sequence[str], right: Sequence[bool]) -> dict[str, dict[str, float]]:
    found: dict[str, list[bool]] = defaultdict(list)
    for name, hit in zip(names, right, strict=True):
        found[name].append(hit)
    return {n: {"rows": len(hits), "accuracy": _mean(hits)} for n, hits in sorted(found.items())}


def _share(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 0.0


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return _share(sum(listed), len(listed))
