"""The engine ``transformers``: what caching the prompt and settling ternary weights bring.

A Llama of 4 layers × 256 with random weights classifies documents of ~300 characters by the real
taxonomy prompt; naive = transformers computes the whole prompt for each. Then one token through
layers as wide as half of BitNet-b1.58-2B-4T's, weights rounded once or in every call. Interleaved,
medians of ``ROUNDS``; only the ratios mean anything elsewhere.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.goals import Goal, show
from items.taxonomy import load_taxonomy
from model_server.causal_lm.causal_lm import CausalLM, Source, load_causal_lm
from model_server.engines.transformers import TransformersEngine, TransformersOptions
from model_server.language.category_questions import CategoryQuestions
from model_server.language.token_prompt import TokenPrompts

if TYPE_CHECKING:
    from collections.abc import Callable

    from model_server.language.question import Question

ROUNDS, DOCUMENTS = 3, 8
WIDE = {"hidden_size": 1280, "intermediate_size": 3456, "num_hidden_layers": 2}


def questions(
    engine: TransformersEngine, prompts: TokenPrompts
) -> tuple[list[Question], list[str]]:
    """Return the category question for some documents, and its labels."""
    asked = CategoryQuestions(
        load_taxonomy(), engine.options.prompt("classify"), prompts.first_token, meta_prompt=False
    )
    parts = [part for category in load_taxonomy().categories for part in category.subcategories]
    texts = [f"{part.description_ko} {part.description_en} " * 9 for part in parts]
    return [asked.about(text[:300]) for text in texts[:DOCUMENTS]], asked.labels


def timed(*runs: Callable[[], Any]) -> list[float]:
    """Return the median seconds of each of ``runs``, once warm."""
    for run in runs:
        run()
    rounds = [[_seconds(run) for run in runs] for _ in range(ROUNDS)]
    return [median(column) for column in zip(*rounds, strict=True)]


def prompt_cache(folder: Path) -> float:
    """Return how many times faster the engine is than computing each prompt as a whole."""
    from tests.tiny_models import llama  # noqa: PLC0415 - imports torch

    llama(folder, hidden_size=256, intermediate_size=688, num_hidden_layers=4)
    options = TransformersOptions(model=str(folder), context=8_192)
    engine = TransformersEngine(load_taxonomy(), options, cache=folder / "cache")
    engine.load_model()
    model = load_causal_lm(Source(model=str(folder)))
    prompts = TokenPrompts(model.tokenizer, chat="auto")
    asked, labels = questions(engine, prompts)
    wanted = [prompts.first_token(label) for label in labels]
    rows = [prompts.ids(question) for question in asked]
    cached, naive = timed(
        lambda: engine.score(asked, labels),
        lambda: [model.logprobs([row], wanted) for row in rows],
    )
    beginning = len(prompts.beginning(asked[0].instructions))
    documents = sum(map(len, rows)) / len(rows) - beginning
    print(f"prompt of {beginning} tokens, documents of {documents:.0f} on average")
    return naive / cached


def ternary(folder: Path) -> tuple[float, float]:
    """Return how many times faster settled weights are: one token, 200 tokens."""
    from tests.tiny_models import bitnet  # noqa: PLC0415

    bitnet(folder, **WIDE)
    once, always = (
        load_causal_lm(Source(model=str(folder), dtype="bfloat16", unpack_ternary=unpack))
        for unpack in (True, False)
    )

    def run(model: CausalLM, tokens: int) -> Callable[[], Any]:
        return lambda: model.logprobs([[5] * tokens], [7])

    times = timed(run(once, 1), run(always, 1), run(once, 200), run(always, 200))
    return times[1] / times[0], times[3] / times[2]


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        cache = prompt_cache(Path(folder) / "llama")
        decode, prefill = ternary(Path(folder) / "bitnet")
    show(
        [
            Goal("transformers: cached prompt / naive, documents/s", cache, ">= 4"),
            Goal("BitNet weights rounded once / in every call, one token", decode, ">= 3"),
            Goal("BitNet weights rounded once / in every call, 200 tokens", prefill),
        ]
    )


def _seconds(run: Callable[[], Any]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
