"""The client API as other programs meet it: a real process, over HTTP."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from items import Annotation, Comment, Post, Video
from items.topic import Topic
from items.transcript import Line, Transcript
from items.video_vector import VideoVector
from storage import open_store
from storage.topics import save_topics
from tests.cli import ROOT, environment, gleanery
from tests.client_api import running_api
from tests.conftest import wait_until

NOW = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
JAMO = "\u1112\u1161\u11ab\u1100\u1173\u11af"
POST = Post(
    platform="reddit", external_id="t3_a", url="https://e.com/a", fetched_at=NOW, author="민지",
    title="서울 여행 🙂", text="경복궁과 맛집. A great party.", category="food", subcategory="tea",
    classified_at=NOW, language="ko", community="korea", score=7,
    published_at=datetime(1, 1, 1, tzinfo=UTC),
    annotations=[Annotation(tool="quality", engine="r", version="1", value={"score": 0.8})],
)  # fmt: skip
ODD = replace(
    POST, external_id="odd", title="x" * 1_000_000, text=f"\0 {JAMO} \u202e 👩‍👩‍👧", language="en",
    annotations=[], author="\0",
)  # fmt: skip


def videos() -> list[Video]:
    return [
        Video(
            platform="youtube", external_id=f"v{n}", url="u", title=f"video {n}",
            fetched_at=NOW + timedelta(minutes=n + 1),
        )
        for n in range(30)
    ]  # fmt: skip


def fill(store) -> None:
    comments = [
        Comment(platform="reddit", external_id=f"c{n}", url="u", root=POST.identity,
                fetched_at=NOW - timedelta(days=1))
        for n in range(5)
    ]  # fmt: skip
    store.save([POST, replace(ODD), *videos(), *comments])
    save_topics(store, [
        Topic(key=f"{n:016}", group=group, at=NOW, first_at=NOW, title=title, heat=3.0 - n,
              members=[POST.identity], platforms={"reddit": 1})
        for n, (group, title) in enumerate([("", "축제"), ("", "cool"), ("food", "tea")])
    ])  # fmt: skip
    for n in range(3):
        store.save_vector(
            VideoVector(identity=f"youtube:v{n}", video="f", values=(1 - n / 10, n / 10),
                        engine="t", version="1", created_at="2026-01-01T00:00:00+00:00")
        )  # fmt: skip
    store.save_transcript(
        Transcript(identity="youtube:v0", sound="s", language="ko", engine="w", version="1",
                   plan="transcribe", created_at="2026-01-01T00:00:00+00:00",
                   lines=(Line(start=0, end=1, text="안녕하세요"),))
    )  # fmt: skip


def checksum(path) -> str:
    with open_store("sqlite", path) as store:
        rows = [json.dumps(row, sort_keys=True) for row in store.scan()]
    return sha256("".join(rows).encode()).hexdigest()


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    home = tmp_path_factory.mktemp("api")
    with open_store("sqlite", home / "gleanery.db") as store:
        fill(store)
    before = checksum(home / "gleanery.db")
    with running_api(home) as started:
        yield started
    assert checksum(home / "gleanery.db") == before  # whatever was asked, nothing was written


JSON, PROBLEM = "application/json", "application/problem+json"


def test_items_are_listed_page_by_page(api):
    found, cursor = [], {}
    while True:
        page = api.json("/v1/items", platform="youtube", limit=7, **cursor)
        found += [item["identity"] for item in page["items"]]
        if not page["next"]:
            break
        cursor = {"cursor": page["next"]}

    assert found == [f"youtube:v{n}" for n in reversed(range(30))]


@pytest.mark.parametrize(
    ("asked", "found"),
    [({"category": "food", "min_quality": 0.5}, ["reddit:t3_a"]),
     ({"author": "민지"}, ["reddit:t3_a"]),
     ({"kind": "post", "language": "ko"}, ["reddit:t3_a"]),
     ({"published_until": "0002-01-01T00:00:00Z", "language": "ko"}, ["reddit:t3_a"]),
     ({"published_since": "0001-01-01T00:00:00+14:00", "sort": "published", "language": "ko"},
      ["reddit:t3_a"]),
     ({"author": "\0"}, ["reddit:odd"]),
     ({"fetched_since": "2026-11-23T01:31:00Z"}, ["youtube:v29", "youtube:v28"]),
     ({"needs_review": "true"}, [])],
    ids=str,
)  # fmt: skip
def test_items_are_filtered(api, asked, found):
    assert [i["identity"] for i in api.json("/v1/items", **asked)["items"]] == found


def test_search_finds_korean_and_keeps_to_filters(api):
    assert [i["identity"] for i in api.json("/v1/search", q="여행")["items"]] == ["reddit:t3_a"]
    assert api.json("/v1/search", q="여행", kind="video")["items"] == []
    assert api.json("/v1/search", q='") OR (*')["items"] == []


def test_an_item_comes_whole_with_what_is_said_in_it(api):
    post = api.json("/v1/item", identity="reddit:t3_a")
    video = api.json("/v1/item", identity="youtube:v0")

    assert (post["title"], post["author"], post["quality"]) == ("서울 여행 🙂", "민지", 0.8)
    assert post["published_at"] == "0001-01-01T00:00:00Z"
    assert (post["counts"]["score"], post["source"]) == (7, "korea")
    assert [t["text"] for t in video["transcripts"]] == ["안녕하세요"]
    assert not {"seed", "depth", "id", "media_files", "revision"} & set(post)


def test_whatever_people_write_comes_back(api):
    odd = api.json("/v1/item", identity="reddit:odd")
    listed = api.json("/v1/items", author="\0")["items"][0]

    assert (odd["title"], odd["text"]) == (ODD.title, ODD.text)
    assert (len(listed["title"]), listed["excerpt"]) == (1000, ODD.text)


def test_comments_come_page_by_page(api):
    first = api.json("/v1/item/comments", identity=POST.identity, limit=3)
    rest = api.json("/v1/item/comments", identity=POST.identity, limit=3, cursor=first["next"])

    found = [i["identity"] for i in first["items"] + rest["items"]]
    assert found == [f"reddit:c{n}" for n in range(5)]
    assert rest["next"] is None
    assert api.get("/v1/item/comments", identity="reddit:none").status_code == 404


def test_videos_that_look_alike_are_ranked(api):
    found = api.json("/v1/item/similar", identity="youtube:v0")

    assert [v["identity"] for v in found["videos"]] == ["youtube:v1", "youtube:v2"]
    assert found["left_out"] == 0
    assert api.get("/v1/item/similar", identity="reddit:t3_a").status_code == 404


def test_hot_topics_are_told_by_category(api):
    every, of_food = api.json("/v1/topics")["topics"], api.json("/v1/topics", category="food")
    tag = api.get("/v1/topics").headers["etag"]

    assert [(t["title"], t["category"]) for t in every] == [("축제", None), ("cool", None)]
    assert (every[0]["items"], every[0]["platforms"]) == ([POST.identity], {"reddit": 1})
    assert [t["category"] for t in of_food["topics"]] == ["food"]
    assert len(api.json("/v1/topics", limit=1)["topics"]) == 1
    assert api.get("/v1/topics", headers={"If-None-Match": tag}).status_code == 304


def test_an_answer_that_the_client_has_is_not_sent_again(api):
    first = api.get("/v1/items", limit=3)
    tag = first.headers["etag"]

    for stated in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = api.get("/v1/items", limit=3, headers={"If-None-Match": stated})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = api.get("/v1/items", limit=4, headers={"If-None-Match": tag})
    assert (other.status_code, tag.startswith('"')) == (200, True)


@pytest.mark.parametrize(
    ("path", "asked"),
    [("search", {"q": "여행"}), ("item", {"identity": POST.identity}), ("topics", {}),
     ("item/comments", {"identity": POST.identity}), ("item/similar", {"identity": "youtube:v0"})],
    ids=str,
)  # fmt: skip
def test_so_it_is_wherever_something_is_read(api, path, asked):
    first = api.get(f"/v1/{path}", **asked)
    tag = first.headers["etag"]
    again = api.get(f"/v1/{path}", **asked, headers={"If-None-Match": tag})

    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert (again.headers["etag"], again.headers["cache-control"]) == (tag, "private, no-cache")


@pytest.mark.parametrize(
    ("path", "asked", "status"),
    [("/v1/nothing", {}, 404), ("/v1/item", {"identity": "reddit:none"}, 404),
     ("/v1/item", {}, 422), ("/v1/items", {"limit": 0}, 422), ("/v1/items", {"limit": 101}, 422),
     ("/v1/items", {"catgory": "food"}, 422), ("/v1/items", {"cursor": "abc"}, 422),
     ("/v1/items", {"cursor": "WyJhIiwiYiIsLTFd"}, 422), ("/v1/items", {"cursor": "한"}, 422),
     ("/v1/items", {"fetched_since": "0000-01-01"}, 422), ("/v1/items", {"kind": "$ne"}, 422),
     ("/v1/topics", {"category": ["a", "b"]}, 422),
     ("/v1/search", {"q": ""}, 422), ("/v1/search", {"q": "x" * 33_000}, 414)],
    ids=str,
)  # fmt: skip
def test_errors_are_problems(api, path, asked, status):
    answer = api.get(path, **asked)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["status"], bool(answer.json()["title"])) == (status, True)


def test_other_methods_and_large_bodies_are_problems(api):
    import httpx2  # noqa: PLC0415

    headers = {"Authorization": f"Bearer {api.key}"}
    with httpx2.Client(base_url=api.url, trust_env=False, headers=headers, timeout=60) as client:
        wrong = client.post("/v1/items", json={})
        large = client.request("GET", "/v1/items", content=b"x" * 100_000)
        long = b'{"category": "' + b"x" * 65_536 + b'"}'
        export = client.post("/v1/exports", content=long, headers={"content-type": JSON})

    assert (export.status_code, export.headers["content-type"]) == (413, PROBLEM)
    assert (wrong.status_code, "GET" in wrong.headers["allow"]) == (405, True)
    assert wrong.headers["content-type"] == "application/problem+json"
    assert large.status_code in (200, 413)  # nobody reads the body of a GET


def test_a_cursor_goes_on_with_its_own_filters_only(api):
    cursor = api.json("/v1/items", platform="youtube", limit=3)["next"]

    assert api.get("/v1/items", platform="reddit", cursor=cursor).status_code == 422


INJECTED = (
    "' OR '1'='1", "'; DROP TABLE items; --", '{"$ne": null}', "$where: 1", "%' UNION SELECT 1 --",
    "\\", "\0", '"*"', "NEAR(a b)", "title:x", "../../etc/passwd", "여행' --", "1) OR (1=1", "😀",
)  # fmt: skip


@pytest.mark.parametrize("text", INJECTED)
def test_what_looks_like_a_statement_is_a_text(api, text):
    for name in ("category", "subcategory", "platform", "language", "author"):
        answer = api.get("/v1/items", **{name: text})
        assert answer.status_code == 200
        assert [i["identity"] for i in answer.json()["items"]] in ([], ["reddit:odd"])
    for name in ("kind", "sort", "cursor", "limit", "min_quality", "fetched_since", text):
        assert api.get("/v1/items", **{name: text}).status_code == 422
    assert api.get("/v1/search", q=text).status_code == 200
    assert api.get("/v1/search", q="여행", author=text).json()["items"] == []
    for path in ("/v1/item", "/v1/item/comments", "/v1/item/similar"):
        assert api.get(path, identity=text).status_code == 404


@pytest.mark.parametrize("text", INJECTED[::4])
def test_every_parameter_takes_it_for_a_text(api, text):
    everywhere = api.inject(text)

    assert everywhere.total() > 40
    assert {*everywhere} <= {200, 404, 422}


def test_who_has_no_key_or_not_the_scope_is_refused(api):
    other = api.make_key("--scope", "export")

    none, wrong = api.get("/v1/items", key=""), api.get("/v1/items", key=api.key[:-1] + "_")
    lacking = api.get("/v1/items", key=other["key"])

    assert (none.status_code, wrong.status_code, lacking.status_code) == (401, 401, 403)
    assert none.headers["www-authenticate"].startswith("Bearer")
    assert lacking.headers["content-type"] == "application/problem+json"


def test_a_key_that_asks_too_often_is_told_when_to_come_back(api):
    key = api.make_key("--per-minute", "2")["key"]

    answers = [api.get("/v1/items", key=key, limit=1) for _ in range(5)]  # perhaps two minutes'

    late = [a for a in answers if a.status_code == 429]
    assert late
    assert 1 <= int(late[-1].headers["retry-after"]) <= 60
    assert late[-1].headers["ratelimit-policy"] == '"default";q=2;w=60'
    assert late[-1].headers["ratelimit"].startswith('"default";r=0;t=')


def test_a_revoked_key_opens_nothing_after_some_seconds(api):
    made = api.make_key()
    assert api.get("/v1/items", key=made["key"]).status_code == 200

    gleanery(api.home, "api-keys", "revoke", made["id"], **api.env)

    wait_until(lambda: api.get("/v1/items", key=made["key"]).status_code == 401, seconds=60)


def test_keys_are_kept_as_hashes_and_never_logged(api):
    made = api.make_key()
    api.get("/v1/items", key=made["key"], author="secret name")
    listed = gleanery(api.home, "api-keys", "list", "--json", **api.env)
    with sqlite3.connect(api.home / "gleanery.db") as db:
        kept = str(db.execute("SELECT body FROM api_keys").fetchall())

    secret = made["key"].rpartition("_")[2]
    log = api.log.read_text()
    assert secret not in kept + listed.stdout + log
    assert sha256(made["key"].encode()).hexdigest() in kept
    assert ('"route": "/v1/items"' in log, "secret name" in log) == (True, False)


def test_health_and_numbers_need_no_key(api):
    answers = [api.get(path, key="") for path in ("/healthz", "/readyz", "/metrics")]

    assert [a.status_code for a in answers] == [200, 200, 200]
    assert "gleanery_api_requests_total" in answers[2].text


def test_a_store_that_is_missing_or_does_not_answer_is_said_to_be_away(tmp_path):
    file = tmp_path / "gleanery.db"
    with running_api(tmp_path, GLEANERY_API_TIMEOUT_SECONDS="1.5") as api:
        file.rename(tmp_path / "gone.db")
        answers = [api.get("/readyz", key=""), api.get("/v1/items")]
        well = api.get("/healthz", key="")
        assert not file.exists()
        (tmp_path / "gone.db").rename(file)
        with closing(sqlite3.connect(file)) as holder:
            holder.execute("PRAGMA locking_mode = EXCLUSIVE")
            holder.execute("BEGIN EXCLUSIVE")
            late = api.get("/v1/items")
        wait_until(lambda: api.get("/v1/items").status_code == 200, seconds=60)

    assert (late.status_code, late.headers["retry-after"]) == (503, "5")
    assert "too long" in late.json()["detail"]
    assert [a.status_code for a in answers] == [503, 503]
    assert all(a.headers["retry-after"] == "5" for a in answers)
    assert answers[0].headers["content-type"] == "application/problem+json"
    assert well.status_code == 200


def test_replicas_share_a_rate_through_redis(tmp_path, redis_url):
    env = {"GLEANERY_REDIS_URL": redis_url}
    with running_api(tmp_path, **env) as one, running_api(tmp_path, **env) as two:
        minutes, left = {0, 1}, []
        while len(minutes) > 1:  # it turned meanwhile
            key, began = one.make_key("--per-minute", "3")["key"], time.time()
            left = [api.get("/v1/items", key=key).status_code for api in (one, two) * 4]
            minutes = {began // 60, time.time() // 60}

    assert sorted(left) == [200] * 3 + [429] * 5


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mysql", "mongodb", "mysql+mongodb"])
def test_every_store_is_served(tmp_path, store_options, name):
    from tests.store_servers import emptied  # noqa: PLC0415

    options = store_options(name)
    store = emptied(name, tmp_path, options)
    store.init()
    with store:
        fill(store)
    env = {
        "GLEANERY_STORE": name,
        "GLEANERY_MYSQL_URL": options.mysql_url,
        "GLEANERY_MONGODB_URL": options.mongodb_url,
    }

    with running_api(tmp_path, **{k: v for k, v in env.items() if v}) as api:
        page = api.json("/v1/items", platform="youtube", limit=2)
        found = api.json("/v1/search", q="경복궁", category="food")
        said = api.json("/v1/item", identity="youtube:v0")["transcripts"]
        with store:
            before = list(store.scan())
        answers = [api.inject(text) for text in INJECTED[:5]]
        searched = {api.get("/v1/search", q=text).status_code for text in INJECTED}
        with store:
            assert list(store.scan()) == before

    assert {status for each in answers for status in each} <= {200, 404, 422}
    assert searched == {200}
    assert [i["identity"] for i in page["items"]] == ["youtube:v29", "youtube:v28"]
    assert [i["identity"] for i in found["items"]] == ["reddit:t3_a"]
    assert said[0]["text"] == "안녕하세요"


def test_the_examples_of_the_docs_work(api):
    page = (ROOT / "docs" / "client_api.md").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if line.startswith("curl ")]
    env = environment(api.home) | {"KEY": api.key, "API": api.url, "no_proxy": "127.0.0.1"}

    done = [
        subprocess.run(line, shell=True, env=env, capture_output=True, check=False)
        for line in lines
    ]

    assert len(done) == 8
    assert [d.returncode for d in done] == [0] * 8
    assert all(json.loads(d.stdout) for d in done)
