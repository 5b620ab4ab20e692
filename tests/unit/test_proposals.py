"""Proposals: what a person accepts becomes a category, and nothing else does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gleanery.errors import ConfigError
from items import Proposal, accept, load_taxonomy, write_taxonomy

TAXONOMY = load_taxonomy()
SPACE = Proposal(
    key="space_travel",
    parent=None,
    name_ko="우주여행",
    name_en="Space travel",
    description_ko="로켓과 우주선, 달과 화성으로 가는 여행",
    description_en="Rockets, spaceships, voyages to the Moon and Mars",
    evidence=["web:https://example.com/moon"],
    engine="stub",
    version="1",
)


def test_an_accepted_category_is_appended_and_the_version_rises():
    grown = accept(SPACE, TAXONOMY)

    assert grown.keys == (*TAXONOMY.keys, "space_travel")
    assert grown["space_travel"].name_ko == "우주여행"
    assert (TAXONOMY.version, grown.version) == ("1", "2")


def test_an_accepted_part_is_appended_to_its_category():
    grown = accept(replace(SPACE, parent="science_research"), TAXONOMY)

    parts = [s.key for s in grown["science_research"].subcategories]
    assert parts == [*(s.key for s in TAXONOMY["science_research"].subcategories), "space_travel"]
    assert grown.keys == TAXONOMY.keys


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"key": "Space!"}, "no key"),
        ({"key": "food"}, "in the taxonomy already"),
        ({"parent": "cooking"}, "no category 'cooking'"),
        ({"name_ko": " "}, "name_ko is empty"),
    ],
)
def test_what_has_no_place_is_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        accept(replace(SPACE, **change), TAXONOMY)


def test_a_taxonomy_that_is_written_is_read_back(tmp_path):
    path = tmp_path / "sub" / "taxonomy.yaml"
    grown = accept(SPACE, TAXONOMY)

    write_taxonomy(grown, path)

    assert load_taxonomy(path) == grown
    assert [p.name for p in path.parent.iterdir()] == ["taxonomy.yaml"]


def test_the_operators_own_taxonomy_takes_the_place_of_ours(tmp_path, monkeypatch):
    monkeypatch.setenv("GLEANERY_HOME", str(tmp_path))
    before = load_taxonomy()

    write_taxonomy(accept(SPACE, TAXONOMY), tmp_path / "taxonomy.yaml")

    assert before == TAXONOMY
    assert load_taxonomy().version == "2"


def test_a_proposal_survives_json():
    assert Proposal.from_dict(SPACE.to_dict()) == SPACE
