"""What models write: read if it can be, else left out; never trusted."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from items import load_taxonomy
from model_server.language.written import (
    one_text_schema,
    proposals_schema,
    read_proposals,
    read_text,
)
from model_server.schema import Document

TAXONOMY = load_taxonomy()
DOCUMENTS = [Document(id="a", text="Bees on the roof"), Document(text="도시 양봉 시작하기")]
GOOD = {
    "parent": "life_lifestyle",
    "key": "urban_beekeeping",
    "name_ko": "도시 양봉",
    "name_en": "Urban beekeeping",
    "description_ko": "도시에서 벌 치기",
    "description_en": "Keeping bees in a city",
    "evidence": [1, 2],
}


def proposals(*rows):
    return read_proposals(json.dumps({"proposals": rows}), TAXONOMY, DOCUMENTS)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        pytest.param('{"title": "Bees on the roof"}', "Bees on the roof", id="plain"),
        pytest.param('{"title": "Bees on', "Bees on", id="cut"),
        pytest.param('Sure!\n{"title": "Bees"} Anything else?', "Bees", id="with chatter"),
        pytest.param('{"title": "<b>Bees</b>\\nhttps://a.example"}', "Bees", id="markup and link"),
        pytest.param('{"title": 7}', "", id="no text"),
        pytest.param('{"name": "Bees"}', "", id="another field"),
        pytest.param("Bees", "", id="no JSON"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_text_is_read_out_of_json(written, text):
    assert read_text(written, "title", 80) == text


@given(st.text(), st.integers(2, 40))
def test_a_text_is_one_line_within_its_limit_whatever_was_written(written, limit):
    for answer in (written, json.dumps({"title": written}), json.dumps({"title": written})[:-3]):
        text = read_text(answer, "title", limit)
        assert len(text) <= limit
        assert not set(text) & set("\n\r\x00\u202e")


def test_a_good_proposal_is_kept_with_ids_or_beginnings_of_its_documents():
    (proposal,) = proposals(GOOD)

    assert proposal.model_dump() == GOOD | {"evidence": ["a", "도시 양봉 시작하기"]}


def test_a_new_category_has_no_parent():
    (proposal,) = proposals(GOOD | {"parent": None})

    assert proposal.parent is None


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"parent": "beekeeping"}, id="unknown parent"),
        pytest.param({"parent": 7}, id="parent of a wrong type"),
        pytest.param({"parent": None, "key": "food"}, id="category that is there"),
        pytest.param({"key": "travel_review"}, id="sub-category that is there"),
        pytest.param({"name_ko": "여행 후기"}, id="name that is there"),
        pytest.param({"key": "!!!"}, id="key of no letters"),
        pytest.param({"key": "7up"}, id="key that begins with a digit"),
        pytest.param({"name_en": ""}, id="empty name"),
        pytest.param({"name_en": None}, id="name of a wrong type"),
        pytest.param({"evidence": []}, id="no evidence"),
        pytest.param({"evidence": [3, 0, -1, "1", True]}, id="documents that do not exist"),
        pytest.param({"evidence": "1"}, id="evidence of a wrong type"),
    ],
)
def test_a_proposal_that_nobody_can_use_is_left_out(change):
    assert proposals(GOOD | change) == []


def test_keys_become_slugs_and_repeats_are_left_out():
    found = proposals(GOOD | {"key": "Urban Beekeeping!"}, GOOD, GOOD | {"key": "roof_honey"})

    assert [p.key for p in found] == ["urban_beekeeping", "roof_honey"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from([*GOOD, "proposals"]), inner)
        ),
    )
)
def test_nothing_that_a_model_writes_breaks_the_reading(written):
    for answer in (written, {"proposals": written}, {"proposals": [written]}):
        for proposal in read_proposals(json.dumps(answer), TAXONOMY, DOCUMENTS):
            assert proposal.parent in {None, *TAXONOMY.keys}
            assert proposal.evidence


def test_schemas_close_every_object():
    schema = proposals_schema(TAXONOMY, 3)

    one = schema["properties"]["proposals"]["items"]
    assert not schema["additionalProperties"]
    assert not one["additionalProperties"]
    assert one["properties"]["evidence"]["items"]["enum"] == [1, 2, 3]
    assert one_text_schema("title", 80)["properties"]["title"]["maxLength"] == 80
