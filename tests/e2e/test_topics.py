"""Hot topics: bursts of real texts among others are found, named, and keep their names."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from gleanery.config import Config
from items import Article, Post, Video
from items.clock import utc_now
from pipelines.topics.run import find_topics
from storage import open_store
from storage.topics import save_topics, topics
from tests.cli import gleanery
from tests.conftest import EVALSET

NOW = utc_now()
DAY = timedelta(days=1)
FLOORS = yaml.safe_load((Path(__file__).parents[1] / "quality.yaml").read_text("utf-8"))["topics"]
EVENTS = ("화물연대", "기준금리", "보육교사", "장경태")
"""A word that all texts of the event have, and no other one."""
OTHERS = 1200


def an_item(number: int, text: str, days_ago: float, **more):
    kinds = (Article, "web"), (Post, "reddit"), (Video, "youtube")
    kind, platform = kinds[number % 3]
    title, _, rest = text.partition(". ")
    seen = NOW - days_ago * DAY
    address = f"https://e.com/{number}"
    return kind(platform=platform, external_id=address, url=address, title=title, text=rest,
                published_at=seen, fetched_at=seen, **more)  # fmt: skip


@pytest.fixture
def store(tmp_path):
    with open_store("sqlite", tmp_path / "gleanery.db") as opened:
        yield opened


def hot(store, tmp_path, now=NOW, **more):
    config = Config(home=tmp_path)
    return find_topics(config, store, now, days=2, model=False, **more).topics


def test_bursts_of_real_texts_are_found_among_others(store, tmp_path):
    if not EVALSET.exists():
        pytest.skip("evaluation set: set GLEANERY_FIXTURES to the fixtures folder beside it")
    rows = [json.loads(line)["text"] for line in EVALSET.read_text("utf-8").splitlines()]
    rng = random.Random(7)
    events = {word: [text for text in rows if word in text] for word in EVENTS}
    rest = [text for text in rows if not any(word in text for word in EVENTS)]
    placed = [(text, rng.uniform(0, 2), word) for word, texts in events.items() for text in texts]
    placed += [(text, rng.uniform(0, 8), "") for text in rng.sample(rest, OTHERS)]
    made = [an_item(n, text, days) for n, (text, days, _) in enumerate(placed)]
    event_of = {item.identity: word for item, (_, _, word) in zip(made, placed, strict=True)}
    store.save(made)

    found = hot(store, tmp_path, limit=10)

    recalls, precisions = [], []
    for word, texts in events.items():
        right, size = max((sum(event_of[m] == word for m in t.members), len(t.members))
                          for t in found)  # fmt: skip
        recalls.append(right / len(texts))
        precisions.append(right / size)
    figures = {"recall": sum(recalls) / 4, "precision": sum(precisions) / 4}
    assert all(figures[name] >= floor for name, floor in FLOORS.items()), (figures, recalls)


STORM = [
    "Typhoon Hinnamnor reaches Busan: harbour closed, ferries cancelled",
    "Schools shut on Jeju as typhoon Hinnamnor brings record rain",
    "Live: Hinnamnor typhoon floods the steel works of Pohang",
    "How the typhoon named Hinnamnor grew so strong over warm seas",
    "Thousands without power in Ulsan after typhoon Hinnamnor hits",
    "Typhoon Hinnamnor seen from our balcony in Geoje, windows shaking",
]
CHESS = [
    "Chess club meets in the library as each week",
    "Weekly chess: Anna beats Boris in 31 moves",
    "The library's chess club looks for young players",
    "A quiet evening of chess, tea and biscuits at the club",
    "Chess club results: two draws, one long endgame",
    "Clocks repaired, the chess club thanks its library",
    "Boris shows the club an old chess opening",
    "Chess again on Thursday, says the club",
]


def everyday(count=60):
    rng = random.Random(3)
    words = [f"{a}{b}" for a in ("gar", "lum", "tes", "vok", "rin") for b in ("den", "ber", "ta")]
    return [an_item(1000 + n, " ".join(rng.sample(words, 7)), rng.uniform(0, 8))
            for n in range(count)]  # fmt: skip


def storm():
    return [an_item(n, text, 0.1 * n, **({"score": 5000} if n % 3 == 1 else {}))
            for n, text in enumerate(STORM)]  # fmt: skip


def test_what_grows_is_hot_and_what_goes_on_as_ever_is_not(store, tmp_path):
    steady = [an_item(100 + n, text, n) for n, text in enumerate(CHESS)]
    store.save([*everyday(), *storm(), *steady])

    topic = hot(store, tmp_path)[0]
    others = [t for t in hot(store, tmp_path) if "chess" in t.keywords]

    assert sorted(topic.members) == sorted(item.identity for item in storm())
    assert (topic.recent, topic.before) == (6, 0)
    assert topic.platforms == {"reddit": 2, "web": 2, "youtube": 2}
    assert "typhoon" in topic.keywords
    assert topic.title in STORM
    assert topic.growth > 2
    assert topic.engagement > 0
    assert sum(topic.counts) == 6
    assert all(t.heat < topic.heat / 4 for t in others)


def test_copies_of_one_text_count_once_but_are_members(store, tmp_path):
    copies = [an_item(200 + n, STORM[0], 0.2) for n in range(9)]
    store.save([*everyday(), *storm(), *copies])

    topic = hot(store, tmp_path)[0]

    assert (topic.recent, len(topic.members)) == (6, 15)


def test_a_topic_keeps_its_name_from_run_to_run_with_its_history(store, tmp_path):
    store.save([*everyday(), *storm()[:4]])
    first = hot(store, tmp_path)[0]
    store.save([*storm(), an_item(7, "Typhoon Hinnamnor: Geoje harbour closed, ferries wait", 0)])
    second = hot(store, tmp_path, now=NOW + timedelta(hours=1))[0]
    kept = topics(store)

    assert second.key == first.key
    assert second.first_at == first.at < second.at
    assert [run["recent"] for run in second.history] == [4, 7]
    assert kept[0] == second
    assert [t.key for t in kept].count(first.key) == 1


def test_topics_are_kept_by_category(store, tmp_path):
    (topic,) = hot_storm = _categorised(store, tmp_path)

    assert topics(store) == []
    assert topics(store, group="news_media") == hot_storm
    save_topics(store, [topic])
    assert topics(store, group="news_media") == hot_storm


def _categorised(store, tmp_path):
    store.save([an_item(n, text, 0.1, category="news_media") for n, text in enumerate(STORM)]
               + [an_item(50 + n, text, 3 + n / 9, category="news_media")
                  for n, text in enumerate(CHESS)])  # fmt: skip
    return hot(store, tmp_path, category="news_media")


def test_without_a_model_terms_do_and_the_command_shows_what_the_store_keeps(store, tmp_path):
    store.save([*everyday(20), *storm()])

    away = {"GLEANERY_MODEL_SERVER_URL": "http://127.0.0.1:9/mcp"}
    done = gleanery(tmp_path, "topics", "--json", GLEANERY_MODEL_PATIENCE_SECONDS="0", **away)
    (shown,) = [row for row in done.json if row["recent"] == 6]

    assert "without vectors" in done.stderr
    assert shown["title"] in STORM
    assert [t.to_dict() for t in topics(store) if t.key == shown["key"]] == [shown]


@pytest.mark.slow
def test_vectors_join_languages(store, tmp_path, e5_cache):
    korean = ["태풍 힌남노 부산 상륙, 항구 폐쇄", "힌남노 태풍으로 제주 학교 휴교"]
    store.save([*everyday(20), *storm(), *(an_item(60 + n, t, 0) for n, t in enumerate(korean))])
    (tmp_path / "cache").symlink_to(e5_cache)

    done = gleanery(tmp_path, "topics", "--json")

    assert "without vectors" not in done.stderr
    assert {m.rpartition("/")[2] for m in done.json[0]["members"]} >= {str(n) for n in range(5)}
    assert done.json[0]["title"]
