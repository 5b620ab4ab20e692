"""Seeds, files of seeds, profiles."""

from __future__ import annotations

import pytest

from gleanery.errors import ConfigError
from items import Seed, load_profile, load_seeds, load_taxonomy, profile_names


@pytest.mark.parametrize("name", ["news", "daily", "trend", "health"])
def test_every_profile_has_seeds_for_all_three_platforms(name):
    seeds = load_profile(name)

    assert {s.platform for s in seeds} == {"reddit", "google", "youtube"}
    assert {s.category for s in seeds} <= {None, *load_taxonomy().keys}
    assert len({s.label for s in seeds}) == len(seeds)


def test_a_profile_of_ones_own_goes_before_a_shipped_one(tmp_path):
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "news.yaml").write_text(
        "- {platform: reddit, kind: search, value: 42}", "utf-8"
    )

    assert load_profile("news", tmp_path) == [Seed(platform="reddit", kind="search", value="42")]
    assert profile_names(tmp_path) == ["daily", "health", "news", "trend"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a list"),
        ("seeds: 3", "expected a list"),
        ("- 7", "seed 1: expected a mapping"),
        ("- {platform: reddit, kind: search}", "seed 1: 'value' is missing"),
        ("- {platform: reddit, value: x}", "missing 1 required keyword-only argument: 'kind'"),
        ("- {platform: r, kind: k, value: v, dept: 3}", "unexpected keyword argument 'dept'"),
        ("- {platform: r, kind: k, value: v, max_depth: -1}", "max_depth must be"),
        ("a: [", "is not YAML"),
    ],
    ids=[
        "empty",
        "number",
        "no mapping",
        "no value",
        "no kind",
        "typo",
        "negative depth",
        "no yaml",
    ],
)
def test_a_malformed_seeds_file_is_named_with_its_entry(tmp_path, text, message):
    path = tmp_path / "seeds.yaml"
    path.write_text(text, "utf-8")

    with pytest.raises(ConfigError, match=r"seeds\.yaml") as error:
        load_seeds(path)

    assert message in str(error.value)


def test_a_missing_file_and_an_unknown_profile_say_what_there_is(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        load_seeds(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="daily, health, news, trend"):
        load_profile("nws")
