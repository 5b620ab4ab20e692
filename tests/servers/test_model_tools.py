"""The tools beside ``classify_batch``: what they check, whom they ask, how they answer."""

from __future__ import annotations

import base64
from io import BytesIO
from typing import ClassVar

import numpy as np
import pytest
from mcp.client import Client
from PIL import Image

from gleanery.errors import EngineError
from model_server.schema import Proposal
from model_server.server import build_server
from tests.model_echo import TAXONOMY, EchoEngine, engine_set


class Writer(EchoEngine):
    """Writes the same about everything, and says category 2 of every document."""

    name: ClassVar[str] = "writer"

    def classify(self, documents):
        return [self._verdict(2) for _ in documents]

    def title(self, documents):
        return [f"<b>{d.text}</b>\x07 https://example.com/x" for d in documents]

    def summarize(self, documents):
        return [f"{d.text}, in short." for d in documents]

    def embed(self, texts):
        return np.eye(3, dtype=np.float32)[[len(t) % 3 for t in texts]]

    def propose_category(self, documents):
        words = {
            "name_ko": "우주",
            "name_en": "Space",
            "description_ko": "별",
            "description_en": "Stars",
        }
        return [Proposal(parent=None, key="space", evidence=[d.id for d in documents], **words)]

    def describe_image(self, pictures):
        return [f"{p.width} x {p.height}, by {p.order}, begins {p.text[:9]}" for p in pictures]


class Unsure(EchoEngine):
    """As sure of a document as its text's second word says."""

    def classify(self, documents):
        return [
            self._doubt(v, float(d.text.split()[1]))
            for v, d in zip(super().classify(documents), documents, strict=True)
        ]

    def _doubt(self, verdict, share):
        rest = (1 - share) / (len(verdict.scores) - 1)
        scores = dict.fromkeys(verdict.scores, rest) | {verdict.category: share}
        return type(verdict)(
            scores=scores,
            category=verdict.category,
            subcategory=verdict.subcategory,
            needs_review=False,
        )


async def call(engines, tool, **arguments):
    async with Client(build_server(engines, TAXONOMY)) as client:
        answer = await client.call_tool(tool, arguments)
    if answer.is_error:
        return answer.content[0].text
    return answer.structured_content


def results(answer):
    return [(r["id"], r["text"], r["engine"]) for r in answer["results"]]


DOCUMENTS = [{"id": "a", "text": "첫 문장이다. 둘째."}, {"text": "Two"}]


async def test_a_title_that_an_engine_wrote_is_cleaned():
    answer = await call(engine_set(Writer()), "title", documents=DOCUMENTS)

    assert results(answer) == [("a", "첫 문장이다. 둘째.", "writer"), (None, "Two", "writer")]


async def test_without_a_writing_engine_titles_are_extracted():
    answer = await call(engine_set(EchoEngine()), "title", documents=DOCUMENTS)

    assert results(answer) == [("a", "첫 문장이다.", "extractive"), (None, "Two", "extractive")]


async def test_a_tool_is_answered_by_the_first_engine_that_can_or_the_one_that_is_named():
    documents = [{"text": "7"}]
    both = engine_set(EchoEngine(), Writer())
    named = engine_set(EchoEngine(), Writer(), tools={"classify": "writer"})

    summary = await call(both, "summarize", documents=documents)
    first = await call(both, "classify_batch", documents=documents)
    second = await call(named, "classify_batch", documents=documents)

    assert results(summary) == [(None, "7, in short.", "writer")]
    engines = [(r["engine"], r["category"]) for a in (first, second) for r in a["results"]]
    assert engines == [("echo", TAXONOMY.keys[7]), ("writer", TAXONOMY.keys[2])]


async def test_embed_gives_a_unit_vector_per_text():
    answer = await call(engine_set(Writer()), "embed", texts=["a", "ab"])

    assert answer == {
        "vectors": [[0, 1, 0], [0, 0, 1]],
        "dim": 3,
        "engine": "writer",
        "version": "writer-1/taxonomy-1",
    }


async def test_a_proposal_is_returned_and_the_taxonomy_stays_as_it_is():
    engines = engine_set(Writer())

    answer = await call(engines, "propose_category", documents=DOCUMENTS[:1])
    taxonomy = await call(engines, "taxonomy")

    assert [(p["key"], p["evidence"]) for p in answer["proposals"]] == [("space", ["a"])]
    assert [c["key"] for c in taxonomy["categories"]] == list(TAXONOMY.keys)


async def test_an_image_reaches_the_engine_as_text():
    file = BytesIO()
    Image.new("RGB", (50, 40), "white").save(file, "PNG")
    image = base64.b64encode(file.getvalue()).decode()

    plain = await call(engine_set(Writer()), "describe_image", image=image)
    asked = await call(
        engine_set(Writer()), "describe_image", image=image, size=30, colours=0, order="columns"
    )

    assert plain["description"] == "16 x 16, by rows, begins 0=#ffffff"
    assert asked["description"] == "30 x 30, by columns, begins fffffffff"


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        ("summarize", {"documents": []}, "send 1 to 64 of them"),
        ("embed", {"texts": ["ok", " "]}, "text 1 is empty"),
        ("embed", {"texts": ["a"] * 65}, "send at most 64 in one call"),
        ("title", {"documents": [{"text": ""}]}, "document 0 (id None) has neither text nor title"),
        ("describe_image", {"image": "!"}, "the image is not base64"),
        ("describe_image", {"image": "AA==", "order": "spiral"}, "rows"),
    ],
)
async def test_a_wrong_call_is_told_what_to_do(tool, arguments, message):
    assert message in await call(engine_set(Writer()), tool, **arguments)


@pytest.mark.parametrize("tool", ["summarize", "embed", "propose_category", "describe_image"])
async def test_what_no_engine_can_do_is_said_so(tool):
    arguments = {
        "embed": {"texts": ["a"]},
        "describe_image": {"image": "AA=="},
    }.get(tool, {"documents": DOCUMENTS})

    message = await call(engine_set(EchoEngine()), tool, **arguments)

    assert f"no engine of this server can {tool}: it runs echo" in message


# --- asking again


async def categories(engines, *texts):
    answer = await call(engines, "classify_batch", documents=[{"text": t} for t in texts])
    return [(r["engine"], r["category"], r["needs_review"]) for r in answer["results"]]


async def test_only_what_the_first_engine_is_unsure_of_is_asked_again():
    engines = engine_set(Unsure(), Writer(), escalate_to="writer", escalate_below=0.5)

    answers = await categories(engines, "7 0.9", "8 0.3", "9 0.5")

    assert answers == [
        ("echo", TAXONOMY.keys[7], False),
        ("writer", TAXONOMY.keys[2], False),
        ("echo", TAXONOMY.keys[9], False),
    ]


class Away(Writer):
    def load(self):
        raise EngineError("no weights")


class Crashing(Writer):
    def classify(self, documents):
        raise RuntimeError("out of memory")


@pytest.mark.parametrize("second", [Away, Crashing])
async def test_without_the_second_engine_the_first_answer_stands_marked_for_review(second):
    engines = engine_set(Unsure(), second(), escalate_to="writer", escalate_below=0.5)

    answers = await categories(engines, "7 0.9", "8 0.3")

    assert answers == [("echo", TAXONOMY.keys[7], False), ("echo", TAXONOMY.keys[8], True)]
