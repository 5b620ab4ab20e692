"""The engine ``transformers`` on small checkpoints, and what tests ask it."""

from __future__ import annotations

from items import load_taxonomy
from model_server.engines.transformers import TransformersEngine, TransformersOptions
from model_server.language.question import Question

ARCHITECTURES = ("bitnet", "llama-1.58", "gpt-oss", "llama", "qwen")
TAXONOMY = load_taxonomy()
INSTRUCTIONS = "Classify each text into one category. 글을 하나의 분류로 나눈다.\n" * 3
LABELS = ["sports", "food", "movie", "policy"]
QUESTIONS = [
    Question(instructions=INSTRUCTIONS, document=f"Text: «{text}»\n", answer="Category:")
    for text in (
        "The team won the cup",
        "양파를 볶다가 육수를 붓고 끓여 주세요. " * 4,
        "a",
        "🎬 film",
    )
]


def engine_of(folder, taxonomy=TAXONOMY, **options):
    """An engine with its model loaded, but not the taxonomy prompt."""
    told = {"calibrate": False, "context": 8_192} | options
    options = TransformersOptions(model=str(folder), **told)
    return TransformersEngine(taxonomy, options, cache=folder / "cache")


def loaded(folder, **options):
    engine = engine_of(folder, **options)
    engine.load_model()
    return engine
