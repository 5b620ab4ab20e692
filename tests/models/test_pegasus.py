"""The engine ``pegasus`` on its real architecture, small and of random weights."""

from __future__ import annotations

import pytest

from gleanery.errors import EngineError
from model_server.schema import Document
from model_server.spec import parse_spec
from tests import tiny_sound
from tests.model_echo import TAXONOMY

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return tiny_sound.pegasus(tmp_path_factory.mktemp("pegasus"))


@pytest.fixture(scope="module")
def engine(checkpoint):
    engine = parse_spec(f"pegasus:{checkpoint}").make(TAXONOMY, cache=checkpoint)
    engine.load()
    return engine


def test_a_summary_does_not_depend_on_what_it_is_computed_beside(engine):
    documents = [
        Document(text="the weather is w1 w2 w3"),
        Document(title="w9 w8", text="the w7 " * 10),
        Document(text="w5 " * 500),
    ]

    together = engine.summarize(documents)
    alone = [engine.summarize([document])[0] for document in documents]

    assert together == alone
    assert all(isinstance(summary, str) for summary in together)
    assert engine.capabilities() == {"summarize"}
    assert engine.version.startswith("pegasus/transformers-")


def test_a_summary_is_what_transformers_generates(engine, checkpoint):
    import torch
    from transformers import PegasusForConditionalGeneration

    model = PegasusForConditionalGeneration.from_pretrained(checkpoint).eval()
    given = engine._tokenizer("the weather is w1", return_tensors="pt")
    with torch.no_grad():
        ids = model.generate(
            input_ids=given["input_ids"], attention_mask=given["attention_mask"],
            num_beams=4, max_new_tokens=63, do_sample=False,
        )  # fmt: skip
    expected = engine._tokenizer.decode(ids[0], skip_special_tokens=True)

    assert engine.summarize([Document(text="the weather is w1")]) == [expected]


def test_a_checkpoint_that_is_not_there_is_named(tmp_path):
    with pytest.raises(EngineError, match="no-such-folder"):
        parse_spec("pegasus:./no-such-folder").make(TAXONOMY, cache=tmp_path).load()
