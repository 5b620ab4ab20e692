"""What becomes of a stored item that is saved again or changed; on every store there is."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from items import Annotation, Comment, MediaFile, item_from_dict
from storage import open_store
from tests.contracts.store_items import CLASSIFIED, POST, a_video


def test_saving_twice_changes_nothing(store):
    store.save([CLASSIFIED, CLASSIFIED])
    once = (store.find("reddit:t3_a"), store.stats(classified_kinds=["post"]))
    store.save([CLASSIFIED])

    assert (store.find("reddit:t3_a"), store.stats(classified_kinds=["post"])) == once
    assert len(store.search("여행")) == 1


def test_a_second_crawl_renews_values_but_keeps_depth_and_what_models_said(store):
    store.save([CLASSIFIED])
    store.save([replace(POST, score=9, depth=4)])

    row = store.find("reddit:t3_a")
    assert row is not None
    assert item_from_dict(row) == replace(CLASSIFIED, score=9)


def test_a_newer_answer_of_the_same_engine_replaces_the_older_one(store):
    newer = Annotation(tool="classify", engine="e5", version="2", value={"category": "food"})
    store.save([CLASSIFIED])
    store.save([replace(CLASSIFIED, category="food", annotations=[newer])])

    row = store.find("reddit:t3_a")
    assert row is not None
    assert row["category"] == "food"
    assert row["annotations"] == [newer.to_dict()]


def test_an_item_is_changed_in_place_and_only_if_it_is_there(store):
    store.save([CLASSIFIED])

    found = store.update("reddit:t3_a", lambda item: item.media.append("https://e.com/v.mp4"))
    missing = store.update("reddit:t3_b", lambda item: item.media.append("x"))

    row = store.find("reddit:t3_a")
    assert (found, missing) == (True, False)
    assert item_from_dict(row) == replace(CLASSIFIED, media=["https://e.com/v.mp4"])


def test_many_are_changed_at_once_those_that_are_there(store):
    answer = Comment(platform="reddit", external_id="t1_a", url="u", root=POST.identity)
    store.save([CLASSIFIED, answer, *(a_video(n) for n in range(3))])

    def change(item):
        item.title = f"new {item.identity}"

    asked = ["youtube:v2", "reddit:none", answer.identity, POST.identity]
    there = store.update_many(dict.fromkeys(asked, change))

    assert there == ["youtube:v2", answer.identity, POST.identity]
    assert [row["title"] for row in store.rows(there)] == [f"new {identity}" for identity in there]
    assert item_from_dict(store.find("youtube:v1")) == a_video(1)
    assert [row["identity"] for row in store.search("new v2")] == ["youtube:v2"]
    assert store.find(POST.identity)["annotations"] == CLASSIFIED.to_dict()["annotations"]
    assert store.update_many({}) == []


def test_of_many_changes_one_that_fails_keeps_all_out(store):
    store.save([CLASSIFIED, *(a_video(n) for n in range(3))])

    def change(item):
        item.title = "half done"
        if item.identity == "youtube:v2":
            raise KeyError("no more")

    with pytest.raises(KeyError):
        store.update_many(dict.fromkeys([f"youtube:v{n}" for n in range(3)], change))

    assert [row["title"] for row in store.scan(kinds=["video"])] == ["", "", ""]


def test_batches_of_changes_at_once_lose_nothing(store):
    videos = [a_video(n) for n in range(12)]
    store.save(videos)
    with open_store(store.name, store.path, store.options) as other:

        def work(number):
            for k in range(4):
                answer = Annotation(tool="x", engine=f"w{number}-{k}", version="1", value={})

                def change(item, answer=answer):
                    others = [a for a in item.annotations if a.engine != answer.engine]
                    item.annotations = [*others, answer]

                opened = (store, other)[number % 2]
                asked = [video.identity for video in videos[number :: 2 if k % 2 else 1]]
                assert opened.update_many(dict.fromkeys(asked, change)) == asked

        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    for number, row in enumerate(store.rows([video.identity for video in videos])):
        whole = {f"w{n}-{k}" for n in range(4) for k in (0, 2) if number >= n}
        halves = {
            f"w{n}-{k}" for n in range(4) for k in (1, 3) if number >= n and (number - n) % 2 == 0
        }
        assert {a["engine"] for a in row["annotations"]} == whole | halves


def test_several_are_read_at_once_in_the_order_asked_for(store):
    store.save([CLASSIFIED, *(a_video(n) for n in range(3))])

    rows = store.rows(["youtube:v2", "reddit:none", "reddit:t3_a", "youtube:v0"])

    assert [row["identity"] for row in rows] == ["youtube:v2", "reddit:t3_a", "youtube:v0"]
    assert rows[1] == store.find("reddit:t3_a")
    assert store.rows([]) == []


def test_a_change_that_fails_changes_nothing(store):
    store.save([CLASSIFIED])

    def change(item):
        item.title = "half done"
        raise KeyError("no more")

    with pytest.raises(KeyError):
        store.update("reddit:t3_a", change)
    store.save([a_video(1)])  # and nothing stays locked

    assert item_from_dict(store.find("reddit:t3_a")) == CLASSIFIED


def test_many_changes_and_a_crawl_at_once_lose_nothing(store):
    """Through two openings of one store, as a crawl and a worker have them."""
    store.save([POST])
    with open_store(store.name, store.path, store.options) as other:

        def annotate(opened, number):
            answer = Annotation(tool="transcribe", engine=f"w{number}", version="1", value={})
            opened.update(POST.identity, lambda item: item.annotations.append(answer))

        def work(number):
            for k in range(5):
                annotate((store, other)[number % 2], f"{number}-{k}")
                store.save([replace(POST, score=k)])

        threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    row = store.find(POST.identity)
    assert {a["engine"] for a in row["annotations"]} == {
        f"w{n}-{k}" for n in range(6) for k in range(5)
    }


@pytest.mark.parametrize(
    ("tools", "category"),
    [(["classify"], "food"), (["classify_video"], "life_lifestyle"), (["person"], "life_lifestyle"),
     (["person", "classify_video"], "life_lifestyle")],
    ids=["words", "whole video", "person", "both"],
)  # fmt: skip
def test_a_category_from_more_than_the_words_outlives_the_next_crawl(store, tools, category):
    of = [Annotation(tool=tool, engine="x", version="1", value={}) for tool in tools]
    words = Annotation(tool="classify", engine="e5", version="1", value={})
    store.save([replace(CLASSIFIED, annotations=of)])
    store.save([replace(CLASSIFIED, category="food", score=9, annotations=[words])])

    row = store.find("reddit:t3_a")
    assert (row["category"], row["score"], len(row["annotations"])) == (category, 9, len(tools) + 1)


def a_file(role: str, source: str, digit: str, **facts) -> MediaFile:
    return MediaFile(
        key=digit * 64, role=role, content_type="video/mp4", size=7, source=source, facts=facts
    )


def test_media_files_are_renewed_by_role_and_source_and_else_kept(store):
    old = [a_file("video", "https://e.com/a", "1", fps=25.0), a_file("audio", "1" * 64, "2")]
    new = [a_file("video", "https://e.com/a", "3"), a_file("vectors", "3" * 64, "4", dim=768)]
    store.save([replace(POST, media_files=old)])
    store.save([POST])
    store.save([replace(POST, media_files=new)])

    row = store.find("reddit:t3_a")
    assert row is not None
    assert item_from_dict(row).media_files == [old[1], *new]
