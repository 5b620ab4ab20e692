"""``gleanery db copy``: killed, it goes on where it was, and says what did not arrive."""

from __future__ import annotations

import json
import subprocess

import pytest

from items import Post
from storage import open_store
from tests.cli import COMMAND, ROOT, environment, gleanery
from tests.conftest import wait_until

ITEMS = 6_000


@pytest.mark.slow
def test_a_copy_that_was_killed_goes_on_and_finds_what_got_lost_meanwhile(tmp_path):
    posts = [
        Post(platform="reddit", external_id=str(n), url="u", text="서울") for n in range(ITEMS)
    ]
    with open_store("sqlite", tmp_path / "a.db") as store:
        store.save(posts)
    places = (f"sqlite:{tmp_path}/a.db", f"sqlite:{tmp_path}/b.db")
    command = ("db", "copy", "--from", places[0], "--to", places[1], "--json")

    with subprocess.Popen(
        [*COMMAND, *command], cwd=ROOT, env=environment(tmp_path),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as running:  # fmt: skip
        wait_until(lambda: list(tmp_path.glob("copies/*.json")), seconds=60)
        running.kill()
    (mark,) = tmp_path.glob("copies/*.json")
    reached = json.loads(mark.read_text())["done"]
    with open_store("sqlite", tmp_path / "b.db") as store:
        store.delete([posts[0].identity])
    went_on = gleanery(tmp_path, *command)
    anew = gleanery(tmp_path, *command)

    assert 0 < reached < ITEMS
    assert (went_on.returncode, went_on.json["missing"], went_on.json["differing"]) == (1, 1, 0)
    assert (anew.returncode, anew.json["complete"], anew.json["items"]) == (0, True, ITEMS)
    assert anew.json["source_checksum"] == anew.json["target_checksum"]
