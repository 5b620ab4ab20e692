"""From a file of corrected labels to a server that answers by them, through the command."""

from __future__ import annotations

import csv
import json
import shutil

import pytest

from tests.cli import gleanery

pytestmark = pytest.mark.slow
"""Each command loads the engine anew."""

PHOTOGRAPHS = [
    "필름 카메라로 찍은 골목 사진, 노출과 구도 이야기",
    "흑백 인화할 때 대비를 조절하는 방법",
    "50mm 단렌즈로 담은 인물 사진을 올립니다",
    "새벽 안개를 찍으려면 셔터 속도를 얼마나 늦출까요",
    "사진전에 낼 작품을 고르고 있습니다, 의견 부탁해요",
    "Street photography with a 35 mm lens in the rain",
    "How to read light before you press the shutter",
    "My darkroom prints from last winter, critique welcome",
    "A long exposure of the harbour at dusk",
    "Portraits on film: why grain matters to the mood",
]
"""Posts of a photography forum, whose operator wants them under art."""
MEALS = [
    "김치찌개에 두부를 넣고 끓여요",
    "Bake the bread for forty minutes",
    "국수를 삶아 찬물에 헹군다",
]
UNSEEN = ["필름 카메라로 야경을 찍을 때 노출과 구도", "Shooting portraits on black and white film"]


def rows():
    return [
        {"text": text, "category": "art_culture", "lang": "ko" if ord(text[0]) > 999 else "en"}
        for text in PHOTOGRAPHS
    ] + [{"text": text, "category": "food", "source": "kitchen"} for text in MEALS]


def write(path, labelled):
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in labelled))
    return str(path)


@pytest.fixture(scope="module")
def taught(tmp_path_factory, e5_cache):
    """A ``HOME`` in which a profile was taught once, and what the command said."""
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(e5_cache, home / "cache")
    file = write(home / "rows.jsonl", rows())
    return home, gleanery(home, "feedback", "import", file, "--profile", "forum", "--json")


def test_an_import_says_how_good_it_is_and_unseen_documents_follow_it(taught):
    home, result = taught
    unseen = [{"text": text, "category": "art_culture"} for text in UNSEEN]
    file = write(home / "unseen.jsonl", unseen)

    plain = gleanery(home, "evaluate", "--engine", "e5", "--data", file, "--json").json
    with_head = gleanery(
        home, "evaluate", "--engine", "e5", "--data", file, "--profile", "forum", "--json"
    ).json

    assert result.json["rows"] == 13
    assert result.json["sources"] == {"?": 10, "kitchen": 3}
    assert result.json["inside"]["accuracy"] > result.json["before"]["accuracy"]
    assert with_head["accuracy"] == 1.0 > plain["accuracy"]
    assert "/profile-forum@1/taxonomy-" in with_head["version"]


def test_a_later_correction_wins_versions_are_kept_and_one_can_go_back(taught):
    """As CSV, as a spreadsheet writes it: byte-order mark, quotes, a comma in the text."""
    home, _ = taught
    with (home / "more.csv").open("w", encoding="utf-8-sig", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(["text", "category", "source"])
        sheet.writerow([PHOTOGRAPHS[0], "product_shopping", "sheet"])
        sheet.writerow(["렌즈, 필름, 삼각대를 한꺼번에 주문했어요", "product_shopping", "sheet"])

    second = gleanery(
        home, "feedback", "import", str(home / "more.csv"), "--profile", "forum", "--json"
    ).json
    back = gleanery(home, "feedback", "rollback", "forum", "--json").json
    listed = gleanery(home, "feedback", "list", "--json").json["forum"]

    assert (second["version"], second["rows"]) == (2, 14)
    assert second["sources"] == {"?": 9, "kitchen": 3, "sheet": 2}
    assert (back["version"], listed["current"]) == (1, 1)
    assert [card["version"] for card in listed["versions"]] == [1, 2]


def test_a_bad_row_is_named_and_nothing_changes(taught):
    home, _ = taught
    file = write(home / "bad.jsonl", [*rows(), {"text": "x", "category": "photos"}])
    (home / "bad.csv").write_text("text,category\n국,food\n수,food,more\n", encoding="utf-8")
    before = sorted(path.name for path in (home / "profiles" / "forum").iterdir())

    errors = [
        gleanery(home, "feedback", "import", name, "--profile", "forum").error
        for name in (file, str(home / "bad.csv"))
    ]

    assert "bad.jsonl, line 14: no category 'photos' in the taxonomy" in errors[0]
    assert "bad.csv, line 3: more cells than names" in errors[1]
    assert sorted(p.name for p in (home / "profiles" / "forum").iterdir()) == before


def test_what_cannot_learn_and_what_is_not_there_is_said_in_one_line(taught):
    home, _ = taught
    file = str(home / "rows.jsonl")

    unknown = gleanery(home, "evaluate", "--engine", "e5:none", "--data", file)
    name = gleanery(home, "feedback", "import", file, "--profile", "../out")

    assert "No profile none in" in unknown.error
    assert "cannot name a profile" in name.error


def test_engines_are_compared_with_and_without_what_they_were_taught(taught):
    home, _ = taught
    labelled = [row | {"source": str(n % 2)} for n, row in enumerate(rows())]
    file = write(home / "two-sources.jsonl", labelled)

    compared = gleanery(
        home, "compare", "--engines", "e5", "--data", file, "--profile", "forum", "--cross-source",
        "--json",
    ).json  # fmt: skip

    plain, taught_by, across = compared["engines"].values()
    assert list(compared["engines"]) == [
        "e5",
        "e5 profile=forum",
        "e5, taught by other sources",
    ]
    assert compared["recommended"] != "e5, taught by other sources"  # nobody could use it
    assert taught_by["accuracy"] > plain["accuracy"]
    assert across["accuracy"] > plain["accuracy"]
    assert across["version"].endswith("/cross-source")
    assert set(across["per_source"]) == {"0", "1"}
