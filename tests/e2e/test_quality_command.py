"""``gleanery quality`` on a small store."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import replace

import pytest

from items import Annotation, Article, Comment, Post, Video
from storage import open_store
from tests.cli import COMMAND, ROOT, environment, gleanery
from tests.conftest import wait_until

STORY = (
    "재생에너지 발전 비중이 올해 처음으로 십 퍼센트를 넘었다고 전력거래소가 밝혔다. 태양광 설비가 "
    "크게 늘어난 데다 바람이 불어 풍력도 지난해보다 오 분의 일가량 늘어난 덕분이라고 설명했다."
)
ARTICLE = Article(platform="web", external_id="https://e.com/a", url="https://e.com/a", text=STORY)
POST = Post(platform="reddit", external_id="t3_a", url="https://e.com/p", title="[기사] " + STORY)
JUNK = Comment(
    platform="reddit", external_id="t1_a", url="https://e.com/c", text="ㅋㅋㅋ", root="reddit:t3_a"
)


@pytest.fixture
def home(tmp_path):
    """A store of three items that are not scored."""
    with open_store("sqlite", tmp_path / "gleanery.db") as store:
        store.save([ARTICLE, POST, JUNK])
    return tmp_path


def test_items_are_scored_with_reasons_and_only_once(home):
    first, second = (gleanery(home, "quality", "--json").json for _ in range(2))
    again = gleanery(home, "quality", "--all", "--json").json

    counts = {"seen": 3, "indexed": 2, "scored": 3, "unchanged": 0, "changed_meanwhile": 0}
    assert first == counts | {"duplicates": 1}
    assert second == counts | {"indexed": 0, "scored": 0, "unchanged": 3, "duplicates": 0}
    assert (again["scored"], again["indexed"]) == (3, 0)
    copy = gleanery(home, "quality", "show", "reddit:t3_a", "--json").json
    assert (copy["twin"], copy["reasons"][0]["part"]) == (ARTICLE.identity, "near_duplicate")
    shown = gleanery(home, "quality", "show", "reddit:t1_a").stdout
    assert "says nothing without what it answers" in shown
    with open_store("sqlite", home / "gleanery.db") as store:
        (annotation,) = store.find(ARTICLE.identity)["annotations"]
    assert (annotation["tool"], annotation["score"] > 0.9) == ("quality", True)


def test_labels_are_counted_by_model(home):
    said = Annotation(tool="classify", engine="e5", version="1", value={"category": "food"})
    with open_store("sqlite", home / "gleanery.db") as store:
        store.save([replace(POST, annotations=[replace(said, score=0.5)])])

    (found,) = gleanery(home, "labels", "--json").json

    assert found == {
        "tool": "classify", "engine": "e5", "version": "1", "labels": 1, "mean_score": 0.5,
        "confirmed": 0, "corrected": 0,
    }  # fmt: skip
    assert "classify" in gleanery(home, "labels").stdout


def test_what_changed_or_is_new_is_scored_next_time(home):
    gleanery(home, "quality")
    with open_store("sqlite", home / "gleanery.db") as store:
        store.save([replace(JUNK, text="The station was built long before the line was."), POST])

    result = gleanery(home, "quality", "--json").json

    assert (result["scored"], result["unchanged"]) == (1, 2)


@pytest.mark.slow
def test_killed_it_goes_on_where_it_was(home):
    videos = [
        Video(platform="youtube", external_id=f"v{n}", url="https://e.com", text=f"{n} {STORY[n:]}")
        for n in range(60)
    ] + [Video(platform="youtube", external_id=f"w{n}", url="https://e.com") for n in range(440)]
    with open_store("sqlite", home / "gleanery.db") as store:
        store.save(videos)

        def scored() -> int:
            return sum(bool(row["annotations"]) for row in store.scan())

        command = [*COMMAND, "quality"]
        with subprocess.Popen(command, cwd=ROOT, env=environment(home)) as process:
            wait_until(scored, seconds=60)
            os.kill(process.pid, signal.SIGKILL)
        done = scored()
        result = gleanery(home, "quality", "--json").json

        assert 0 < done < 503
        assert (result["unchanged"], result["scored"]) == (done, 503 - done)
        assert scored() == 503


@pytest.mark.parametrize(
    ("identity", "message"), [("a:b", "No item"), ("reddit:t1_a", "not scored yet")]
)
def test_nothing_to_show_is_said(home, identity, message):
    assert message in gleanery(home, "quality", "show", identity).error
