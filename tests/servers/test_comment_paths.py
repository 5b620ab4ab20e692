"""Paths of comments in MongoDB, whatever the order in which a thread arrives."""

from __future__ import annotations

import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from items import Comment
from storage.mongodb.documents import Documents
from tests.store_servers import emptied, keep

ROOT = "reddit:t3_1"


@pytest.fixture
def documents(tmp_path, store_options):
    options = store_options("mongodb")
    emptied("mongodb", tmp_path, options).init()
    documents = Documents(options, alone=False)
    yield documents
    documents.mongo.close()


def a_comment(number: int, above: int | None, **more) -> Comment:
    """Comment ``number``; it answers ``above``, or the post."""
    parent = ROOT if above is None else f"reddit:t1_{above}"
    return Comment(
        platform="reddit", external_id=f"t1_{number}", url="u", root=ROOT, parent=parent, **more
    )


def right_path(number: int, above: dict[int, int | None]) -> str:
    parent = above[number]
    before = ROOT if parent is None else right_path(parent, above)
    return f"{before}/reddit:t1_{number}"


def paths(documents: Documents) -> dict[str, str]:
    found = documents.mongo.run(documents.db["comments"].find().to_list())
    return {one["_id"]: one["path"] for one in found}


@st.composite
def arrivals(draw):
    """A tree, and its comments in any order, in batches; some of them come twice."""
    size = draw(st.integers(1, 9))
    above = {n: draw(st.sampled_from([None, *range(n)])) for n in range(size)}
    order = draw(st.permutations(range(size))) + draw(
        st.lists(st.integers(0, size - 1), max_size=3)
    )
    cuts = sorted(draw(st.sets(st.integers(1, len(order)))) | {len(order)})
    return above, [order[a:b] for a, b in zip([0, *cuts], cuts, strict=False)]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(arrivals())
def test_in_whatever_order_a_thread_arrives_its_paths_are_the_same(documents, arrival):
    above, batches = arrival
    documents.mongo.run(documents.db["comments"].delete_many({}))

    for turn, batch in enumerate(batches):
        keep(documents, [a_comment(n, above[n], score=turn) for n in batch])

    assert paths(documents) == {f"reddit:t1_{n}": right_path(n, above) for n in above}


def test_several_crawls_at_once_leave_no_wrong_path(documents):
    above = {n: (n - 1 if n else None) for n in range(24)}
    writers = [
        threading.Thread(
            target=lambda numbers: [keep(documents, [a_comment(n, above[n])]) for n in numbers],
            args=(range(start, 24, 4),),
        )
        for start in (3, 2, 1, 0)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert paths(documents) == {f"reddit:t1_{n}": right_path(n, above) for n in above}


def test_comments_that_answer_one_another_in_a_circle_come_to_an_end(documents):
    keep(documents, [a_comment(1, 2), a_comment(2, 1)])
    once = paths(documents)
    keep(documents, [a_comment(1, 2, score=1), a_comment(2, 1, score=1)])

    assert paths(documents) == once
