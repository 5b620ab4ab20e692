"""Items: identity, rows, schema."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itemadapter import ItemAdapter

from items import Annotation, Article, Author, Comment, Post, Video, item_from_dict

KINDS = [Post, Comment, Article, Video, Author]
INSTANTS = st.datetimes(timezones=st.just(UTC), min_value=datetime(1990, 1, 1))
ANNOTATIONS = st.builds(
    Annotation,
    tool=st.sampled_from(["classify", "title"]),
    engine=st.text(min_size=1, max_size=5),
    version=st.text(max_size=5),
    value=st.dictionaries(st.text(max_size=5), st.floats(0, 1)),
    score=st.none() | st.floats(0, 1),
)


@given(
    cls=st.sampled_from(KINDS),
    title=st.text(max_size=20),
    links=st.lists(st.text(max_size=9), max_size=3),
    published_at=st.none() | INSTANTS,
    annotations=st.lists(ANNOTATIONS, max_size=2),
)
def test_a_row_read_back_is_the_same_item(cls, title, links, published_at, annotations):
    """Through JSON, as stores keep it."""
    item = cls(
        platform="web", external_id="1", url="https://e.com", title=title, links=links,
        published_at=published_at, annotations=annotations,
    )  # fmt: skip

    assert item_from_dict(json.loads(json.dumps(item.to_dict()))) == item


@pytest.mark.parametrize("cls", KINDS)
def test_every_field_of_an_item_has_a_description(cls):
    """The schema that docs and API show is made of the fields' docstrings."""
    properties = ItemAdapter.get_json_schema(cls)["properties"]

    assert [f.name for f in fields(cls) if not properties[f.name].get("description")] == []


def test_every_row_says_what_and_where_it_is():
    row = Comment(platform="reddit", external_id="t1_x", url="https://e.com", depth=3).to_dict()

    wanted = {k: row[k] for k in ("identity", "platform", "external_id", "kind", "url", "depth")}
    assert wanted == {
        "identity": "reddit:t1_x",
        "platform": "reddit",
        "external_id": "t1_x",
        "kind": "comment",
        "url": "https://e.com",
        "depth": 3,
    }


def test_instants_are_written_in_utc():
    seoul = timezone(timedelta(hours=9))
    item = Post(
        platform="r", external_id="1", url="u", published_at=datetime(2026, 11, 23, 9, tzinfo=seoul)
    )

    assert item.to_dict()["published_at"] == "2026-11-23T00:00:00+00:00"
    assert ItemAdapter(item).get_field_meta("published_at")["serializer"](item.published_at) == (
        "2026-11-23T00:00:00+00:00"
    )


def test_an_unknown_kind_is_refused():
    with pytest.raises(KeyError):
        item_from_dict({"kind": "tweet"})
