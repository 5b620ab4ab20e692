"""The environment, and how it reaches Scrapy."""

from __future__ import annotations

import os

import pytest

from gleanery.config import Config, load_config, reveal
from gleanery.errors import ConfigError
from gleanery.meanings import meanings
from spiders.reddit_arguments import RedditArguments


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in [n for n in os.environ if n.startswith("GLEANERY_")]:
        monkeypatch.delenv(name)


def test_every_field_becomes_a_scrapy_setting_under_its_upper_case_name(monkeypatch):
    monkeypatch.setenv("GLEANERY_HOME", "somewhere")
    monkeypatch.setenv("GLEANERY_CLASSIFY_KINDS", "post, video")
    monkeypatch.setenv("GLEANERY_REDDIT_CLIENT_SECRET", "hush")

    settings = load_config().scrapy_settings()

    assert settings["HOME"] == "somewhere"
    assert settings["STORE_PATH"] == "somewhere/gleanery.db"
    assert settings["CLASSIFY_KINDS"] == ("post", "video")
    assert reveal(settings["REDDIT_CLIENT_SECRET"]) == "hush"
    assert "hush" not in repr(settings)


@pytest.mark.parametrize("name", ["GLEANERY_MODEL_ENGINE", "MODEL_ENGINE"])
def test_the_engine_can_be_named_with_or_without_the_prefix(monkeypatch, name):
    monkeypatch.setenv(name, "other")

    assert load_config().model_engine == "other"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("GLEANERY_REDIT_URL", "x", "Did you mean GLEANERY_REDDIT_URL"),
        (
            "GLEANERY_FOCUS_POLICY",
            "maybe",
            "GLEANERY_FOCUS_POLICY: Input should be 'keep', 'drop' or 'flag'",
        ),
        ("GLEANERY_MODEL_BATCH_SIZE", "65", "GLEANERY_MODEL_BATCH_SIZE: Input should be less than"),
    ],
    ids=["typo", "choice", "range"],
)
def test_a_wrong_variable_is_named_with_what_is_wrong(monkeypatch, name, value, message):
    monkeypatch.setenv(name, value)

    with pytest.raises(ConfigError) as error:
        load_config()

    assert message in str(error.value)


def test_every_field_says_what_it_means_a_bases_too():
    assert meanings(Config).keys() == Config.model_fields.keys()
    assert meanings(Config)["revisit_points"].startswith("Points of an item's time series that are")
    described = RedditArguments.model_json_schema()["properties"]
    assert {name: each["description"] for name, each in described.items()} == meanings(
        RedditArguments
    )
    assert described.keys() == RedditArguments.model_fields.keys()
