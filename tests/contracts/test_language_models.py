"""What every engine over a language model promises beyond what all engines do."""

from __future__ import annotations

import json

import numpy as np
import pytest

from items import load_taxonomy
from model_server.images import Picture
from model_server.language.language_model import Question
from model_server.schema import Document
from tests.engines import case_of, engine_spec, language_model_params

pytestmark = pytest.mark.timeout(900)
"""A language model's calibration takes minutes on a slow core."""
TAXONOMY = load_taxonomy()
INSTRUCTIONS = "Say what each text is about.\nText: «The soup needs salt.»\nSubject: food\n\n"
LABELS = ["food", "sports", "music"]
TEXTS = (
    "The striker scored twice.",
    "양파를 볶다가 육수를 부어 주세요.",
    "A new album tops the chart.",
)
QUESTIONS = [
    Question(instructions=INSTRUCTIONS, document=f"Text: «{text}»\n", answer="Subject:")
    for text in TEXTS
]
SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string", "maxLength": 30}},
    "required": ["title"],
    "additionalProperties": False,
}
LONG = Document(text="The town opened a new library on Monday. It has 40,000 books. " * 60)


@pytest.fixture(scope="module", params=language_model_params())
def engine(request, e5_cache):
    """Every engine over a language model."""
    engine = engine_spec(request.param, request).make(TAXONOMY, cache=e5_cache)
    engine.load()
    yield engine
    engine.close()


def test_a_model_that_has_learnt_something_passes_its_self_test(engine):
    if not case_of(engine.name).knows:
        pytest.skip(f"the model that tests give to {engine.name} has random weights")

    engine.self_test()


def test_scores_are_one_row_a_question_and_one_column_a_label(engine):
    scores = engine.score(QUESTIONS, LABELS)

    assert scores.shape == (3, 3)
    assert np.isfinite(scores).all()
    assert (scores < 0).all()


def test_scores_do_not_depend_on_what_else_is_asked(engine):
    together = engine.score(QUESTIONS, LABELS)
    alone = [engine.score([question], LABELS)[0] for question in reversed(QUESTIONS)][::-1]

    assert together == pytest.approx(np.stack(alone), abs=1e-2)


def test_a_question_that_goes_on_scores_as_if_it_were_asked_alone(engine):
    """Keys and values of the question before may be used again; they must be the right ones."""
    further = [question.go_on(" food\nKind:") for question in QUESTIONS]
    alone = [engine.score([question], LABELS)[0] for question in further]

    engine.score(QUESTIONS, LABELS)
    after = engine.score(further, LABELS)

    assert after == pytest.approx(np.stack(alone), abs=0.4)


def test_a_schema_is_kept_to(engine):
    written = engine.generate(QUESTIONS[0], max_tokens=80, schema=SCHEMA)

    if not case_of(engine.name).knows:
        return  # random weights fill the text with anything, up to the last token
    assert set(json.loads(written)) == {"title"}
    assert len(json.loads(written)["title"]) <= 30


def test_plain_words_end_at_the_line(engine):
    written = engine.generate(QUESTIONS[0], max_tokens=12)

    assert "\n" not in written


def test_the_same_question_gets_the_same_words(engine):
    once = engine.generate(QUESTIONS[1], max_tokens=12)
    engine.score(QUESTIONS, LABELS)

    assert engine.generate(QUESTIONS[1], max_tokens=12) == once


def test_titles_and_summaries_are_short_lines_whatever_the_document(engine):
    titles = engine.title([LONG, Document(text="\x00<b>")])
    summaries = engine.summarize([LONG])

    assert all(len(title) <= 80 and "\n" not in title for title in titles)
    assert 0 < len(summaries[0]) <= 400


def test_proposals_name_documents_that_were_shown(engine):
    documents = [Document(id="bees", text="Keeping bees on a city roof"), LONG]

    for proposal in engine.propose_category(documents):
        assert proposal.parent in {None, *TAXONOMY.keys}
        assert "bees" in proposal.evidence or len(proposal.evidence) == 1


def test_a_picture_gets_one_line(engine):
    picture = Picture(
        text="0=#000000 1=#ffffff\n01\n10", width=2, height=2, order="rows", colours=2
    )

    (line,) = engine.describe_image([picture])

    assert "\n" not in line


def test_the_version_names_the_model_the_prompt_and_the_taxonomy(engine):
    told = "" if engine.options.calibrate else "+raw"
    assert engine.version == f"{engine.weights}/classify-1{told}/taxonomy-{TAXONOMY.version}"
    assert "/" not in engine.weights
