"""``gleanery proposals``: from items that fit nowhere to a category of the operator's own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

import pytest
import yaml

from items import Post
from model_server.schema import Proposal
from storage import open_store
from tests.cli import gleanery
from tests.model_echo import EchoEngine
from tests.model_serving import Served


class Inventor(EchoEngine):
    """Proposes a category of its own for everything."""

    name: ClassVar[str] = "inventor"

    def propose_category(self, documents):
        common = {"name_en": "Space", "description_ko": "로켓과 달", "description_en": "Rockets"}
        ids = [d.id for d in documents]
        return [
            Proposal(parent=None, key="space", name_ko="우주", evidence=ids, **common),
            Proposal(parent="food", key="space_food", name_ko="우주식", evidence=ids[:1], **common),
        ]


@pytest.fixture
def home(tmp_path):
    """Twenty items that need review, one that does not."""
    now = datetime(2026, 11, 23, tzinfo=UTC)
    items = [
        Post(
            platform="reddit",
            external_id=f"t3_{n}",
            url="https://example.com",
            text=f"Rocket {n}",
            fetched_at=now,
            classified_at=now,
            category="tech_it",
            needs_review=n > 0,
        )
        for n in range(21)
    ]
    with open_store("sqlite", tmp_path / "gleanery.db") as store:
        store.save(items)
    return tmp_path


@pytest.mark.slow
def test_a_proposal_becomes_a_category_only_when_a_person_accepts_it(home):
    with Served(Inventor()) as server:
        asked = gleanery(home, "proposals", "ask", "--json", GLEANERY_MODEL_SERVER_URL=server.url)
    waiting = gleanery(home, "proposals", "list", "--json").json
    before = gleanery(home, "taxonomy", "--json").json

    accepted = gleanery(home, "proposals", "accept", "space", "--json")
    rejected = gleanery(home, "proposals", "reject", "food/space_food")
    after = gleanery(home, "taxonomy", "--json").json

    assert asked.json == {"shown": 20, "proposed": 4, "new": 2}
    assert [(p["key"], len(p["evidence"])) for p in waiting] == [("space", 20), ("space_food", 2)]
    assert [c["key"] for c in after["categories"]] == [
        *(c["key"] for c in before["categories"]),
        "space",
    ]
    assert accepted.json == {
        "accepted": "space",
        "taxonomy": str(home / "taxonomy.yaml"),
        "version": "2",
    }
    assert (
        yaml.safe_load((home / "taxonomy.yaml").read_text())["categories"]["space"]["name_ko"]
        == "우주"
    )
    assert rejected.returncode == 0
    assert gleanery(home, "proposals", "list", "--json").json == []
    assert len(gleanery(home, "proposals", "list", "--all", "--json").json) == 2


def test_without_an_engine_that_proposes_the_reason_is_one_line(home):
    with Served(EchoEngine()) as server:
        asked = gleanery(home, "proposals", "ask", GLEANERY_MODEL_SERVER_URL=server.url)

    assert "no engine of this server can propose_category" in asked.error


@pytest.mark.parametrize("command", ["accept", "reject"])
def test_a_name_that_nobody_proposed_is_refused(home, command):
    refused = gleanery(home, "proposals", command, "soup")

    assert refused.returncode == 2
    assert "No proposal is called 'soup'" in refused.error
