"""The category of a video, from everything that is known of it; docs/work.md says why so."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from items.annotation import CLASSIFY_VIDEO, PERSON, Annotation
from items.clock import utc_now
from model_server.schema import Document
from pipelines.focus import judge
from pipelines.work.tools import answer_of, put_annotation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from items import Item
    from model_server.schema import Classification
    from pipelines.work.tools import Report, Tools

WEIGHTS = {"title": 0.35, "description": 0.25, "transcript": 0.25, "labels": 0.15}
"""What each part counts for; those that a video lacks leave their weight to the others."""
BLEND = "blend-1"
"""Version of the weights and of the way they are used."""
START_CHARACTERS = 2_000
"""Of a transcript: about two minutes of speech, in which most videos say what they are about."""
DOUBTFUL = 0.5
"""Share of the weight on parts that disagree or are unsure, from which a person should look."""


@dataclass(slots=True, frozen=True, kw_only=True)
class Blend:
    """What the parts say together."""

    category: str
    subcategory: str | None
    scores: dict[str, float]
    """Of every category; sum 1."""
    parts: dict[str, dict[str, Any]]
    """Of each part ``weight`` (sum 1), ``share`` of the picked category's score (sum 1), and its
    own ``category`` and ``confidence``."""
    needs_review: bool


async def classify_video(tools: Tools, item: Item, what: str, _report: Report) -> None:
    """Set the item's category from all its parts; a person's choice stays.

    Raises:
        ModelServerError: No answer, or a refusal.
    """
    documents = parts_of(item)
    answers = dict(
        zip(
            documents,
            await asyncio.gather(*(tools.client.classify(d) for d in documents.values())),
            strict=True,
        )
    )
    if answers:
        one = next(iter(answers.values()))
        blended = blend(answers)
        annotation = _annotation(blended, what, engine=one.engine, version=one.version)
        title = answers["title"].title if "title" in answers else one.title
        await tools.change(item, lambda stored: _write(stored, blended, annotation, title))


def parts_of(item: Item) -> dict[str, Document]:
    """Return what is asked about each part that the item has."""
    transcript, seen = answer_of(item, "transcribe"), answer_of(item, "vectorize_video")
    words = {
        "description": item.text,
        "transcript": str(transcript.value.get("text", "")) if transcript else "",
        "labels": ", ".join(_labels(seen)) if seen else "",
    }
    languages = {
        "description": item.language,
        "transcript": transcript.value.get("language") if transcript else None,
        "labels": "en",
    }
    parts = {"title": Document(title=item.title, language=item.language, url=item.url)}
    for name, text in words.items():
        parts[name] = Document(text=text[:START_CHARACTERS], language=languages[name])
    return {name: d for name, d in parts.items() if d.title.strip() or d.text.strip()}


def blend(answers: Mapping[str, Classification]) -> Blend:
    """Mix what was said of each part: the weighted mean of their scores.

    Args:
        answers: At least one, by part; all by one engine, over the same categories.
    """
    total = sum(WEIGHTS[name] for name in answers)
    weights = {name: WEIGHTS[name] / total for name in answers}
    scores: dict[str, float] = {}
    for name, answer in answers.items():
        for key, score in answer.scores.items():
            scores[key] = scores.get(key, 0.0) + weights[name] * score
    category = max(scores, key=lambda key: scores[key])
    own = {name: weights[name] * a.scores.get(category, 0.0) for name, a in answers.items()}
    agreeing = [name for name, answer in answers.items() if answer.category == category]
    sure = sum(weights[name] for name in agreeing if not answers[name].needs_review)
    loudest = max(agreeing, key=lambda name: own[name], default=None)
    return Blend(
        category=category,
        subcategory=answers[loudest].subcategory if loudest else None,
        scores=scores,
        parts={
            name: {
                "weight": round(weights[name], 4),
                "share": round(own[name] / scores[category], 4) if scores[category] else 0.0,
                "category": answer.category,
                "confidence": round(answer.confidence, 4),
            }
            for name, answer in answers.items()
        },
        needs_review=1 - sure >= DOUBTFUL,
    )


def _labels(seen: Annotation) -> list[str]:
    return [str(label["name"]) for label in seen.value.get("labels", [])]


def _annotation(blended: Blend, what: str, *, engine: str, version: str) -> Annotation:
    return Annotation(
        tool=CLASSIFY_VIDEO,
        engine=engine,
        version=f"{version}/{BLEND}",
        value={
            "category": blended.category,
            "subcategory": blended.subcategory,
            "needs_review": blended.needs_review,
            "of": what,
            "parts": blended.parts,
            "scores": {key: round(score, 4) for key, score in blended.scores.items()},
        },
        score=round(blended.scores[blended.category], 4),
    )


def _write(item: Item, blended: Blend, annotation: Annotation, title: str) -> None:
    put_annotation(item, annotation)
    if any(a.tool == PERSON for a in item.annotations):
        return
    item.category, item.subcategory = blended.category, blended.subcategory
    item.needs_review = blended.needs_review
    item.headline = item.headline or title
    item.classified_at = utc_now()
    judge(item)
