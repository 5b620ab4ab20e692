"""Whatever people write is kept as it was, and found; on every store that the registry finds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from items import Annotation, Comment, Post, Video, item_from_dict
from tests.contracts.store_items import STRINGS, WHOLE_KINDS, whole

NOW = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
POST = Post(
    platform="reddit", external_id="t3_a", url="https://example.com/a", fetched_at=NOW,
    title="서울 여행 후기", text="A great party.",
)  # fmt: skip


@pytest.mark.parametrize("text", STRINGS.values(), ids=STRINGS)
def test_whatever_people_write_comes_back_as_it_was(store, text):
    fields = ("external_id", "url", "seed", "language", "title", "text", "author", "parent",
              "category", "subcategory", "headline", "community", "flair", "link")  # fmt: skip
    answer = Annotation(tool=text, engine=text, version=text, value={"said": text, "many": [text]})
    item = Post(
        platform="reddit", fetched_at=NOW, classified_at=NOW, links=[text], media=[text],
        annotations=[answer], **dict.fromkeys(fields, text),
    )  # fmt: skip
    reply = Comment(platform="reddit", external_id="c" + text, url=text, root=item.identity)
    store.save([item, reply, POST])
    store.search(text)

    assert item_from_dict(store.find(item.identity)) == item
    assert item_from_dict(store.find(reply.identity)) == reply
    assert [row["title"] for row in store.latest(category=text)] == [text]
    assert store.stats(classified_kinds=["post"]).total == 3


def test_every_text_field_of_every_kind_takes_what_looks_like_a_statement(store):
    items = [whole(kind, STRINGS[name]) for kind in WHOLE_KINDS for name in ("sql", "mongo")]
    store.save(items)

    assert [item_from_dict(row) for row in store.scan()] == items


def test_identities_that_look_alike_are_different_items(store):
    ids = [
        "abc",
        "ABC",
        "äbc",
        "abc ",
        "🙂",
        "😀",
        "한",
        "\u1112\u1161\u11ab",
        "a" * 3000,
        "a" * 3001,
    ]
    items = [Video(platform="youtube", external_id=n, url="u", title=n) for n in ids]
    store.save(items)

    assert [row["title"] for row in store.scan()] == ids
    assert [store.find(item.identity)["title"] for item in items] == ids


@pytest.mark.parametrize("unit", ["x", "가나다 "], ids=["latin", "korean"])
def test_a_title_of_a_megabyte_is_kept(store, unit):
    title = (unit * 2**20)[: 2**20]
    store.save([replace(POST, title=title)])

    assert store.find(POST.identity)["title"] == title


def test_dates_of_any_year_and_large_counts_are_kept(store):
    old = replace(POST, published_at=datetime.min.replace(tzinfo=UTC), score=-(2**62))
    new = Video(
        platform="youtube",
        external_id="v",
        url="u",
        published_at=datetime.max.replace(tzinfo=UTC),
        view_count=2**63 - 1,
    )
    store.save([old, new])

    assert [item_from_dict(row) for row in store.scan()] == [old, new]


@pytest.mark.parametrize(
    ("query", "found"),
    [("the", True), ("a", True), ("cafe", True), ("CAFÉ", True), ("москва", True), ("Моск", False),
     ("c", True), ("2026", True), ("여행기", True), ("행기여", False), ("기", True),
     ("东京", True)],
)  # fmt: skip
def test_search_finds_short_words_common_words_and_other_scripts(store, query, found):
    store.save([replace(POST, title="The café: a C Москва 2026 여행기 여행 东京塔", text="")])

    assert len(store.search(query)) == found


def test_search_finds_a_word_behind_many_that_have_its_parts_apart(store):
    apart = [replace(POST, external_id=f"a{n}", title="여행 행기", text="") for n in range(6)]
    store.save([*apart, replace(POST, external_id="b", title="", text="첫 여행기 여행")])

    assert [row["external_id"] for row in store.search("여행기", limit=2)] == ["b"]


def test_search_puts_titles_first(store):
    body, title = replace(POST, external_id="b", title="x", text="tea"), replace(POST, title="tea")
    store.save([body, replace(title, text="x")])

    assert [row["title"] for row in store.search("tea")] == ["tea", "x"]
    assert [row["title"] for row in store.search("tea", limit=1)] == ["tea"]
