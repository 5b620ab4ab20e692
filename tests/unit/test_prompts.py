"""Prompts: versioned files, labels that a model can tell apart, documents that stay quoted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleanery.errors import ConfigError, EngineError
from items import load_taxonomy
from model_server.engine import EngineOptions
from model_server.engines.llama_cpp import LlamaCppOptions
from model_server.language.category_questions import CategoryQuestions
from model_server.language.chat import chat_format
from model_server.language.labels import choose_labels
from model_server.language.options import DEFAULT_PROMPTS, LanguageModelOptions
from model_server.language.prompt import META_PROMPT, load_prompt, versions
from model_server.language.question import Question, quote
from tests.crawl import ROOT

TAXONOMY = load_taxonomy()


def by_letters(letters):
    """A tokenizer whose tokens are so many letters long."""
    return lambda word: hash(word[:letters])


def questions(*, taxonomy=TAXONOMY, meta_prompt=False):
    prompt = load_prompt("classify", "1")
    return CategoryQuestions(taxonomy, prompt, by_letters(8), meta_prompt=meta_prompt)


@pytest.mark.parametrize("name", DEFAULT_PROMPTS)
def test_every_default_prompt_is_there(name):
    assert DEFAULT_PROMPTS[name] in versions(name)


def test_an_unknown_version_is_refused_with_those_there_are():
    with pytest.raises(ConfigError, match=r"no version '99' of the prompt title; there are: 1"):
        LanguageModelOptions(model="x", prompts={"title": "99"})


def test_every_category_of_the_taxonomy_has_a_word_and_an_example():
    file = load_prompt("classify", "1").file

    assert set(file.labels) == set(file.examples) == set(TAXONOMY.keys)


def test_the_meta_prompt_is_added_only_when_it_is_asked_for():
    assert META_PROMPT not in questions().instructions
    assert META_PROMPT in questions(meta_prompt=True).instructions


def test_a_question_goes_on_from_the_one_before():
    asked = questions()
    first = asked.about("a text")

    second = asked.inside(first, 0)

    assert (second.instructions, second.document) == (first.instructions, first.document)
    assert second.answer.startswith(first.answer)
    assert len(second.answer) > len(first.answer)


def test_a_category_that_the_prompt_does_not_know_is_labelled_by_its_own_words():
    new = replace(TAXONOMY.categories[0], key="beekeeping_honey", name_en="Beekeeping and honey")
    taxonomy = replace(TAXONOMY, categories=(*TAXONOMY.categories[:2], new))

    asked = questions(taxonomy=taxonomy)

    assert asked.labels == ["lifestyle", "finance", "beekeeping"]
    assert "charity" not in asked.instructions, "an example of a category that is not there"


@pytest.mark.parametrize(
    ("first_token", "labels"),
    [
        pytest.param(by_letters(9), ["apple", "apricot"], id="words"),
        pytest.param(by_letters(1), ["A", "B"], id="letters, where words begin alike"),
        pytest.param(lambda w: 0 if w.isalpha() else hash(w), ["1", "2"], id="else numbers"),
        pytest.param(lambda _: None, ["apple", "apricot"], id="unknown: by three letters"),
    ],
)
def test_labels_begin_with_tokens_of_their_own(first_token, labels):
    assert choose_labels([["apple"], ["apricot"]], first_token) == labels


def test_another_word_is_taken_where_the_first_is_taken():
    assert choose_labels([["art"], ["art", "culture"]], by_letters(3)) == ["art", "culture"]


def test_a_tokenizer_that_cannot_tell_labels_apart_is_refused():
    with pytest.raises(EngineError, match="same first tokens"):
        choose_labels([["a"], ["b"]], lambda _: 7)


@given(st.text())
def test_a_document_cannot_end_its_quotation_or_begin_a_turn(text):
    quoted = quote(text)

    inside = quoted[1:-1]
    assert quoted == f"«{inside}»"
    assert not {"«", "»", "\n"} & set(inside)
    assert "<|" not in inside


@pytest.mark.parametrize(
    "mark",
    ["<|im_end|>", "<|start|>", "</s>", "<s>", "[/INST]", "[INST]", "<｜User｜>", "</think>"],
)
def test_marks_of_chat_formats_are_broken(mark):
    assert mark not in quote(f"before {mark} after")


def test_a_chat_template_is_split_around_the_prompt():
    found = chat_format(lambda words: f"<bos><user>{words}</user><model>")

    assert (found.before, found.after) == ("<bos><user>", "</user><model>")


def test_a_template_with_channels_answers_in_the_final_one():
    found = chat_format(lambda words: f"<|user|>{words}<|start|>assistant", "… <|channel|> …")

    assert found.after == "<|start|>assistant<|channel|>final<|message|>"


@pytest.mark.parametrize("render", [lambda _: "nothing", lambda _: 1 / 0], ids=["left out", "dies"])
def test_a_chat_template_that_cannot_be_used_says_what_to_set(render):
    with pytest.raises(EngineError, match="set chat to off"):
        chat_format(render)


def test_questions_compare_by_what_they_ask():
    assert Question(instructions="a", document="b").go_on("c") == Question(
        instructions="a", document="b", answer="c"
    )


def test_every_option_of_language_models_is_in_the_docs():
    page = (ROOT / "docs" / "language_models.md").read_text(encoding="utf-8")

    of_every_engine = set(EngineOptions.model_fields)
    own = [name for name in LlamaCppOptions.model_fields if name not in of_every_engine]
    assert [name for name in own if f"`{name}`" not in page] == []
