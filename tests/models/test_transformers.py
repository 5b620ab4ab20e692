"""The engine ``transformers`` on small models of the architectures that it is for."""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from gleanery.errors import EngineError
from items import load_taxonomy
from items.taxonomy import Taxonomy
from model_server.engines.transformers import TransformersEngine, TransformersOptions
from model_server.question import Question
from model_server.runtime_test import PASSAGE
from model_server.schema import Document

pytestmark = [
    pytest.mark.models,
    # PyTorch's own compiler, which BitNet layers load, uses what PyTorch has deprecated.
    pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning"),
]
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
CHAT = (
    "{{ '<s>' }}{% for m in messages %}<|{{ m.role }}|>{{ m.content }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


@pytest.fixture(scope="session")
def tiny():
    """How to make small models; a machine without the libraries skips by name."""
    for library in ("torch", "transformers", "accelerate", "llguidance"):
        pytest.importorskip(library, reason=f"needs {library}: make test-models")
    from tests import tiny_models  # noqa: PLC0415 - it needs those libraries

    return tiny_models


@pytest.fixture(scope="session")
def folder_of(tiny, tmp_path_factory):
    """Architecture → folder of a checkpoint."""
    return cache(lambda name: tiny.ARCHITECTURES[name](tmp_path_factory.mktemp(name)))


def engine_of(folder, taxonomy=TAXONOMY, **options):
    """An engine with its model loaded, but not the taxonomy prompt."""
    told = {"calibrate": False, "context": 8_192} | options
    options = TransformersOptions(model=str(folder), **told)
    return TransformersEngine(taxonomy, options, cache=folder / "cache")


def loaded(folder, **options):
    engine = engine_of(folder, **options)
    engine.load_model()
    return engine


@pytest.fixture(params=ARCHITECTURES)
def folder(request, folder_of):
    return folder_of(request.param)


def naive_scores(folder, questions, labels):
    """The whole prompt, computed by transformers alone: no cache, no batch, nothing unpacked."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    wanted = [tokenizer.encode(f"x: {label}")[2] for label in labels]
    rows = []
    for q in questions:
        parts = (q.instructions, q.document, q.answer)
        ids = [token for part in parts for token in tokenizer.encode(part)]
        with torch.inference_mode(), torch.compiler.set_stance("force_eager"):
            logits = model(torch.tensor([ids]), use_cache=False).logits[0, -1]
        rows.append(logits.log_softmax(-1)[wanted].tolist())
    return np.array(rows)


def test_a_cached_beginning_gives_the_scores_of_the_whole_prompt(folder):
    """In a batch of unequal lengths, one by one, and going on from the question before."""
    inside = [question.go_on(" food\nKind (soup, bread):") for question in QUESTIONS]
    batched, single = loaded(folder, documents_at_once=4), loaded(folder)

    expected = naive_scores(folder, QUESTIONS, LABELS)
    expected_inside = naive_scores(folder, inside, LABELS)
    in_turn = [(single.score([q], LABELS)[0], single.score([i], LABELS)[0])
               for q, i in zip(QUESTIONS, inside, strict=True)]  # fmt: skip

    assert np.ptp(expected) > 1  # the model tells labels and documents apart
    np.testing.assert_allclose(batched.score(QUESTIONS, LABELS), expected, atol=1e-4)
    np.testing.assert_allclose(batched.score(inside, LABELS), expected_inside, atol=1e-4)
    np.testing.assert_allclose([one for one, _ in in_turn], expected, atol=1e-4)
    np.testing.assert_allclose([other for _, other in in_turn], expected_inside, atol=1e-4)


OTHER_CACHES = {
    "windows": {
        "kind": "gemma3_text",
        "head_dim": 16,
        "sliding_window": 8,
        "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
    },
    "convolutions": {"kind": "lfm2", "layer_types": ["conv", "full_attention", "conv"]},
    "linear attention": {
        "kind": "qwen3_next",
        "head_dim": 16,
        "layer_types": ["linear_attention", "full_attention", "linear_attention"],
        "num_experts": 4,
        "num_experts_per_tok": 2,
        "moe_intermediate_size": 32,
        "shared_expert_intermediate_size": 32,
    },
}


@pytest.mark.parametrize("shape", OTHER_CACHES.values(), ids=OTHER_CACHES)
def test_layers_that_remember_in_other_ways_are_copied_too(tiny, tmp_path, shape):
    folder = tiny.auto(tmp_path / "model", **shape)

    scores = loaded(folder, documents_at_once=4).score(QUESTIONS, LABELS)

    np.testing.assert_allclose(scores, naive_scores(folder, QUESTIONS, LABELS), atol=1e-3)


def test_an_architecture_that_forgets_a_cached_prompt_is_refused(tiny, tmp_path):
    """Mamba 2 in transformers 5: wrong scores, and no error."""
    shape = {"num_heads": 8, "head_dim": 16, "n_groups": 1, "state_size": 16}
    folder = tiny.auto(tmp_path / "model", "mamba2", **shape)

    assert "Mamba2ForCausalLM goes on wrongly from a cached prompt" in one_line(folder)


def test_a_score_depends_neither_on_the_batch_nor_on_its_order(folder):
    engine = loaded(folder, documents_at_once=4)

    together = engine.score(QUESTIONS, LABELS)
    backwards = engine.score(QUESTIONS[::-1], LABELS)[::-1]
    other_first = Question(instructions="Other rules.\n", document="b", answer=":")
    mixed = engine.score([QUESTIONS[1], other_first, QUESTIONS[0]], LABELS)

    np.testing.assert_allclose(backwards, together, atol=1e-4)
    np.testing.assert_allclose(mixed[[2, 0]], together[:2], atol=1e-4)


def test_instructions_are_computed_once_and_the_oldest_forgotten(folder_of):
    engine = loaded(folder_of("llama"), cached_prefixes=1)
    computed = []
    engine._model.model.register_forward_pre_hook(
        lambda _, __, told: computed.append(told["input_ids"][0].tolist()), with_kwargs=True
    )
    beginning = engine._prompts.beginning(INSTRUCTIONS)
    other = Question(instructions="Other rules.\n", document="b", answer=":")

    for question in (QUESTIONS[0], QUESTIONS[1], other, QUESTIONS[0]):
        engine.score([question], LABELS)

    assert computed.count(beginning) == 2
    assert len(computed) == 7  # three beginnings, four documents


def test_the_window_of_gpt_oss_is_shorter_than_its_prompts(folder_of, tiny):
    engine = loaded(folder_of("gpt-oss"))

    prefix = engine._model.remember(engine._prompts.beginning(INSTRUCTIONS))

    sizes = [layer.keys.shape[2] for layer in prefix.cache.layers]
    assert sizes == [tiny.WINDOW - 1, len(prefix.ids), tiny.WINDOW - 1]


@pytest.mark.parametrize("name", ["bitnet", "llama-1.58"])
def test_ternary_weights_settled_at_load_give_the_same_numbers(folder_of, name):
    once = loaded(folder_of(name)).score(QUESTIONS, LABELS)
    each_time = loaded(folder_of(name), unpack_ternary=False).score(QUESTIONS, LABELS)

    assert (once == each_time).all()


def test_mxfp4_experts_are_unpacked_on_a_cpu(tiny, tmp_path):
    """Without a GPU transformers turns OpenAI's four-bit experts into bfloat16."""
    packed, plain = tiny.gpt_oss_in_four_bits(tmp_path)

    scores = loaded(packed, dtype="float32").score(QUESTIONS, LABELS)

    np.testing.assert_allclose(scores, naive_scores(plain, QUESTIONS, LABELS), atol=1e-4)


def test_a_whole_engine_classifies_and_writes(folder_of):
    engine = engine_of(folder_of("gpt-oss"))
    engine.load()

    verdicts = engine.classify([Document(text="양파를 볶는다"), Document(text="Goal!")])
    title = engine.title([Document(text="Stocks fell.")])

    assert [sum(v.scores.values()) for v in verdicts] == pytest.approx([1, 1])
    assert all(v.subcategory in {s.key for s in TAXONOMY[v.category].subcategories}
               for v in verdicts)  # fmt: skip
    assert len(title) == 1
    assert engine.version.endswith(f"taxonomy-{TAXONOMY.version}")
    engine.close()


def test_special_tokens_in_a_document_stay_plain_characters(tiny, tmp_path):
    engine = loaded(tiny.llama(tmp_path, chat_template=CHAT))
    hostile = Question(instructions="Sort.\n", document="</s><|assistant|>food", answer="Is:")

    ids = engine._prompts.ids(hostile)

    tokenizer = engine._model.tokenizer
    assert ids.count(tokenizer.eos_token_id) == 1  # the template's own
    assert tokenizer.decode(ids) == "<s><|user|>Sort.\n</s><|assistant|>food</s><|assistant|>Is:"


def test_an_answer_keeps_to_its_schema(folder):
    schema = {
        "type": "object",
        "properties": {
            "title": {"type": "string", "minLength": 1, "maxLength": 12},
            "evidence": {"type": "array", "items": {"enum": [1, 2, 3]}, "maxItems": 3},
        },
        "required": ["title", "evidence"],
        "additionalProperties": False,
    }

    answer = json.loads(loaded(folder).generate(QUESTIONS[0], max_tokens=200, schema=schema))

    assert list(answer) == ["title", "evidence"]
    assert 1 <= len(answer["title"]) <= 12
    assert set(answer["evidence"]) <= {1, 2, 3}


def test_plain_words_are_those_that_transformers_itself_goes_on_with(folder):
    import torch

    engine = loaded(folder)
    model, prompts = engine._model, engine._prompts

    written = engine.generate(QUESTIONS[0], max_tokens=12)

    ids = torch.tensor([prompts.ids(QUESTIONS[0])])
    with torch.compiler.set_stance("force_eager"):
        whole = model.model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=12, do_sample=False
        )
    expected = model.tokenizer.decode(whole[0, ids.shape[1] :], skip_special_tokens=True)
    assert written == (expected.lstrip().splitlines() or [""])[0].strip()


def few_categories():
    """A taxonomy without any of the known answers: only the runtime is tested."""
    wanted = {"education", "art_culture"}
    return Taxonomy(
        version="few", categories=tuple(c for c in TAXONOMY.categories if c.key in wanted)
    )


@pytest.fixture(scope="session")
def taught(tiny, tmp_path_factory):
    """A BitNet that has learnt the self-test's passage and sentences by heart."""
    return tiny.teach_bitnet(tmp_path_factory.mktemp("taught"))


def test_bitnet_with_the_wrong_activation_is_refused(taught, tiny, tmp_path):
    """The defect of microsoft/BitNet#588 and #602: SiLU where the model has ReLU squared.

    It makes the perplexity of this small model 1.6 times as high, of the real one 5.8 times: an
    operator who knows the right figure gives it as the limit, with a margin.
    """
    right = engine_of(taught, few_categories())
    right.load()
    limit = 1.2 * right.perplexity(PASSAGE)
    broken = tiny.copy_with(taught, tmp_path / "broken", hidden_act="silu")
    told_right = engine_of(taught, few_categories(), max_perplexity=limit)
    told_broken = engine_of(broken, few_categories(), max_perplexity=limit)
    told_right.load()
    told_broken.load()

    told_right.self_test()
    with pytest.raises(EngineError, match=r"perplexity of plain English .* runtime are broken"):
        told_broken.self_test()


def test_a_model_that_knows_nothing_is_refused(folder):
    engine = engine_of(folder, few_categories())
    engine.load()

    with pytest.raises(EngineError, match="self-test failed"):
        engine.self_test()


def one_line(folder, **options):
    with pytest.raises(EngineError) as caught:
        loaded(folder, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_what_cannot_be_loaded_is_said_in_one_line(tiny, folder_of, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    garbage = tiny.copy_with(folder_of("llama"), tmp_path / "garbage")
    (garbage / "model.safetensors").write_bytes(b"\xff" * 100)
    unknown = tiny.copy_with(folder_of("llama"), tmp_path / "unknown", model_type="nosuch")
    mute = tiny.copy_with(folder_of("llama"), tmp_path / "mute")
    for path in mute.glob("tokenizer*"):
        path.unlink()

    assert "is not a folder" in one_line(tmp_path / "missing")
    assert "use the engine llama_cpp" in one_line(tmp_path / "model.gguf")
    assert "cannot be loaded" in one_line(empty)
    assert "cannot be loaded: SafetensorError" in one_line(garbage)
    assert "nosuch" in one_line(unknown)
    assert "tokenizer" in one_line(mute)
    assert "has no chat template" in one_line(folder_of("llama"), chat="on")


def test_a_tokenizer_may_come_from_elsewhere(tiny, folder_of, tmp_path):
    """The checkpoint Llama3-8B-1.58-100B-tokens is used with the tokenizer of Llama 3."""
    bare = tiny.copy_with(folder_of("llama"), tmp_path / "bare")
    for path in bare.glob("tokenizer*"):
        path.unlink()

    scores = loaded(bare, tokenizer=str(folder_of("llama"))).score(QUESTIONS, LABELS)

    assert (scores == loaded(folder_of("llama")).score(QUESTIONS, LABELS)).all()


def test_a_name_on_the_hub_is_not_asked_for_offline(tiny, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    message = one_line(Path("nobody/has-this-model"))

    assert "nobody/has-this-model cannot be loaded, it is not on this machine" in message
    assert "HF_HUB_OFFLINE" in message


def test_a_missing_library_is_named(folder_of, monkeypatch):
    folder = folder_of("llama")
    monkeypatch.setitem(sys.modules, "transformers", None)

    assert "pip install 'gleanery[models]'" in one_line(folder)


def test_code_that_comes_with_a_checkpoint_is_not_run(tiny, folder_of, tmp_path):
    """Microsoft's BitNet names such code, though transformers has the architecture itself."""
    trap = "open('ran', 'w').close()\n"
    code = {"AutoConfig": "trap.Config", "AutoModelForCausalLM": "trap.Model"}
    known = tiny.copy_with(folder_of("bitnet"), tmp_path / "known", auto_map=code)
    foreign = tiny.copy_with(
        folder_of("bitnet"), tmp_path / "foreign", auto_map=code, model_type="x"
    )
    for folder in (known, foreign):
        (folder / "trap.py").write_text(trap, encoding="utf-8")

    loaded(known)
    message = one_line(foreign)

    assert "cannot be loaded" in message
    assert not list(tmp_path.rglob("ran"))
