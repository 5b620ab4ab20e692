"""Which of several engines to use: the same rows for all, and a test whether a lead is chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import comb

from items.taxonomy import load_taxonomy
from model_server.evaluate import LabelledRow, Report, figures
from model_server.trial import Trial

CHANCE = 0.05
"""Probability below which a lead is not taken for chance."""


@dataclass(slots=True, kw_only=True, frozen=True)
class Pair:
    """How two engines' answers relate."""

    first: str
    second: str
    agreement: float
    """Share of rows with the same answer, right or wrong."""
    kappa: float
    """Cohen's κ (1960): agreement beyond chance; 1 = always, 0 = as chance would."""
    only_first: int
    """Rows that only the first got right."""
    only_second: int
    chance: float
    """Probability of such a lead between equals (exact McNemar test)."""


@dataclass(slots=True, kw_only=True, frozen=True)
class Comparison:
    """Everything a person needs to choose."""

    rows: int
    engines: dict[str, Report]
    """As :func:`model_server.evaluate.evaluate` gives it, by engine; with ``memory_mb``."""
    confusion: dict[str, list[list[int]]]
    """By engine: rows of right categories × columns of answers, in the taxonomy's order."""
    pairs: list[Pair]
    recommended: str
    reason: dict[str, str]
    """Why, in ``ko`` and ``en``."""


def compare_trials(
    rows: Sequence[LabelledRow], trials: Mapping[str, Trial], *, shown: Collection[str] = ()
) -> Comparison:
    """Return figures of every engine and between every two.

    Args:
        rows: What all of them classified.
        trials: At least one that may be recommended, by name, in the order to show.
        shown: Names of those that nobody could use, and that are never recommended.
    """
    engines = {name: figures(rows, trial) for name, trial in trials.items()}
    answers = {name: [v.category for v in trial.verdicts] for name, trial in trials.items()}
    labels = [row.category for row in rows]
    names = list(trials)
    pairs = [
        _pair(first, second, labels, answers)
        for n, first in enumerate(names)
        for second in names[n + 1 :]
    ]
    choices = {name: report for name, report in engines.items() if name not in shown}
    best, reason = _recommend(choices, pairs)
    return Comparison(
        rows=len(rows),
        engines=engines,
        confusion={name: _confusion(labels, answers[name]) for name in names},
        pairs=pairs,
        recommended=best,
        reason=reason,
    )


def chance_of_lead(one: int, other: int) -> float:
    """Return the two-sided exact McNemar test: how often equals part this far (McNemar, 1947).

    Args:
        one: Rows that only one engine got right.
        other: Rows that only the other got right.
    """
    total, fewer = one + other, min(one, other)
    tail = sum(comb(total, k) for k in range(fewer + 1))
    return min(1.0, float(2 * tail / 2**total))


def _pair(
    first: str, second: str, labels: Sequence[str], answers: Mapping[str, Sequence[str]]
) -> Pair:
    triples = list(zip(labels, answers[first], answers[second], strict=True))
    same = sum(a == b for _, a, b in triples) / len(triples)
    by_chance = _chance_agreement(answers[first], answers[second])
    only_first = sum(a == label != b for label, a, b in triples)
    only_second = sum(b == label != a for label, a, b in triples)
    return Pair(
        first=first,
        second=second,
        agreement=round(same, 4),
        kappa=round((same - by_chance) / (1 - by_chance), 4) if by_chance < 1 else 1.0,
        only_first=only_first,
        only_second=only_second,
        chance=round(chance_of_lead(only_first, only_second), 4),
    )


def _chance_agreement(one: Sequence[str], other: Sequence[str]) -> float:
    first, second = Counter(one), Counter(other)
    return sum(first[key] * second[key] for key in first) / len(one) ** 2


def _confusion(labels: Sequence[str], answers: Sequence[str]) -> list[list[int]]:
    counts = Counter(zip(labels, answers, strict=True))
    keys = load_taxonomy().keys
    return [[counts[label, answer] for answer in keys] for label in keys]


def _recommend(engines: Mapping[str, Report], pairs: Sequence[Pair]) -> tuple[str, dict[str, str]]:
    """Return the fastest of those that are as good as the most accurate one, and why."""
    best = max(engines, key=lambda name: _quality(engines[name]))
    level = [best, *(name for name in engines if name != best and _as_good(name, best, pairs))]
    choice = max(level, key=lambda name: engines[name]["docs_per_second"])
    share, speed = engines[choice]["accuracy"], engines[choice]["docs_per_second"]
    if len(engines) == 1:
        why_ko, why_en = "비교한 엔진이 하나뿐입니다", "it is the only one compared"
    elif choice != best:
        why_ko = f"{best}보다 못하다고 할 수 없고(우연일 수 있는 차이) 더 빠릅니다"
        why_en = f"it cannot be told from {best} on these rows, and it is faster"
    elif len(level) > 1:
        why_ko = f"가장 정확하고, 차이가 우연일 수 있는 {', '.join(level[1:])}보다 빠릅니다"
        why_en = f"it is the most accurate, and faster than its equals {', '.join(level[1:])}"
    else:
        why_ko, why_en = "가장 정확하며 그 차이는 우연이 아닙니다", "its lead is not chance"
    figures = f"{share:.1%}, {speed:g} docs/s"
    return choice, {"ko": f"{why_ko} ({figures})", "en": f"{why_en} ({figures})"}


def _quality(report: Report) -> tuple[float, float]:
    return report["accuracy"], report["macro_f1"]


def _as_good(name: str, best: str, pairs: Sequence[Pair]) -> bool:
    return any({p.first, p.second} == {name, best} and p.chance >= CHANCE for p in pairs)
