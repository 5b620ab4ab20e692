"""Which steps an item gets, and how the parts of a video become one category."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleanery.config import Config
from gleanery.errors import ConfigError
from items import Annotation, Video
from model_server.schema import Classification
from pipelines.work.category import WEIGHTS, blend, parts_of
from pipelines.work.plan import Wishes, steps_for
from pipelines.work.steps import step_of


def video(**more) -> Video:
    return Video(platform="youtube", external_id="a", url="https://youtu.be/a", **more)


@pytest.mark.parametrize(
    ("audio", "own", "steps"),
    [
        ("none", None, []),
        ("transcribe", None, ["sound:transcribe"]),
        ("transcribe", "none", []),
        ("none", "denoise+transcribe", ["sound:denoise", "sound:denoise+transcribe"]),
    ],
    ids=["none", "configured", "the crawl's none", "the crawl's own"],
)
def test_the_audio_plan_gives_a_step_for_each_of_its_own(audio, own, steps):
    wishes = Wishes(audio=audio, classify_kinds=frozenset({"video"}))

    found = steps_for(video(audio_plan=own), wishes)

    read = ["vectorize_video", *([steps[-1].removeprefix("sound:")] if steps else [])]
    assert found == [
        "download", "split_sound", "vectorize_video", *steps, f"classify_video:{','.join(read)}",
    ]  # fmt: skip
    assert all(step_of(name) for name in found)


def test_what_no_engine_can_do_is_not_planned():
    wishes = Wishes.of(Config(audio_plan="none"))

    assert steps_for(video(), wishes) == ["download", "split_sound"]


@pytest.mark.parametrize(
    ("number", "svg", "last"),
    [(0, True, "split_sound"), (3, False, "key_frames:3"), (3, True, "key_frames:3+svg")],
)
def test_key_frames_come_last_if_at_all(number, svg, last):
    wishes = Wishes.of(Config(work_key_frames=number, work_key_frames_svg=svg))

    assert steps_for(video(), wishes)[-1] == last
    assert step_of(last)


def test_a_step_of_another_version_is_named():
    with pytest.raises(ConfigError, match="no step is called 'dance:x'"):
        step_of("dance:x")


# --- the category of a video


def answer(category: str, confidence: float = 0.8, **more) -> Classification:
    keys = ("food", "travel", "music")
    rest = (1 - confidence) / (len(keys) - 1)
    scores = {key: confidence if key == category else rest for key in keys}
    fields = {
        "id": None, "category": category, "subcategory": f"{category}_1", "scores": scores,
        "confidence": confidence, "needs_review": False, "title": "t", "engine": "e",
        "version": "1",
    }  # fmt: skip
    return Classification(**(fields | more))


def test_the_parts_of_a_video_decide_by_their_weight():
    blended = blend(
        {
            "title": answer("food", 0.5),
            "description": answer("travel", 0.9),
            "transcript": answer("travel", 0.9),
            "labels": answer("music", 0.9),
        }
    )

    assert (blended.category, blended.subcategory) == ("travel", "travel_1")
    assert blended.scores["travel"] == pytest.approx(0.35 * 0.25 + 0.5 * 0.9 + 0.15 * 0.05)
    assert blended.needs_review  # half of the weight says something else
    assert {name: part["weight"] for name, part in blended.parts.items()} == WEIGHTS
    assert blended.parts["labels"] == {
        "weight": 0.15, "share": 0.0138, "category": "music", "confidence": 0.9,
    }  # fmt: skip


def test_parts_that_a_video_lacks_leave_their_weight_to_the_others():
    blended = blend({"title": answer("food"), "labels": answer("food")})

    assert [part["weight"] for part in blended.parts.values()] == [0.7, 0.3]
    assert not blended.needs_review


def test_parts_that_agree_but_are_unsure_ask_for_a_person():
    unsure = answer("food", 0.4, needs_review=True)

    assert blend({"title": unsure, "labels": answer("food")}).needs_review


@given(
    st.dictionaries(
        st.sampled_from(sorted(WEIGHTS)),
        st.builds(answer, st.sampled_from(["food", "travel", "music"]), st.floats(0.34, 1)),
        min_size=1,
    )
)
def test_weights_shares_and_scores_each_sum_to_one(answers):
    blended = blend(answers)

    assert sum(blended.scores.values()) == pytest.approx(1)
    assert sum(part["weight"] for part in blended.parts.values()) == pytest.approx(1, abs=1e-3)
    assert sum(part["share"] for part in blended.parts.values()) == pytest.approx(1, abs=1e-3)
    assert blended.scores[blended.category] == max(blended.scores.values())


def test_a_videos_parts_are_its_words_its_speech_and_what_is_seen():
    item = video(title="Soup", text="How to cook it", language="ko")
    item.annotations = [
        Annotation(tool="transcribe", engine="w", version="1",
                   value={"text": "Hello. " * 1000, "language": "en"}),
        Annotation(tool="vectorize_video", engine="t", version="1",
                   value={"labels": [{"name": "cooking egg"}, {"name": "x"}]}),
    ]  # fmt: skip

    parts = parts_of(item)

    assert list(parts) == ["title", "description", "transcript", "labels"]
    assert (parts["title"].title, parts["labels"].text) == ("Soup", "cooking egg, x")
    assert (len(parts["transcript"].text), parts["transcript"].language) == (2000, "en")
    assert list(parts_of(video(title=" "))) == []
