"""Engines, the store and its spool, and hot topics on the admin page, over real servers."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import html

pytest.importorskip("argon2", reason="needs gleanery[server]")

from items import Post
from items.clock import utc_now
from model_server.comparisons import FOLDER
from model_server.engines.stub import StubOptions
from storage import open_store
from storage.jobs import Node
from storage.spool import spool_folder
from storage.spool.spool import Spool
from tests.admin_site import admin_site, token_of
from tests.admin_world import EVIL, fill
from tests.conftest import wait_until
from tests.model_echo import EchoEngine
from tests.model_serving import Served
from tests.ports import free_ports
from tests.scrapyd_nodes import ledger

COMPARED = {
    "at": "2026-11-25T10:00:00+00:00", "data": EVIL, "rows": 100, "recommended": "e5",
    "reason": {"en": "as good, and quicker", "ko": "같은 정확도에 더 빠름"},
    "engines": {"e5": {"accuracy": 0.8, "macro_f1": 0.7, "docs_per_second": 50, "memory_mb": 400}},
}  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    home = tmp_path_factory.mktemp("admin")
    fill(home)
    (home / FOLDER).mkdir()
    (home / FOLDER / "1.json").write_text(json.dumps(COMPARED), encoding="utf-8")
    (home / FOLDER / "2.json").write_text("half", encoding="utf-8")
    with Served(EchoEngine(options=StubOptions(linger_seconds=0))) as served:
        served.engines.start()
        away = f"http://127.0.0.1:{free_ports(1)[0]}/mcp"
        urls = f"{served.url},{away}"
        with admin_site(home, GLEANERY_MODEL_SERVER_URL=urls) as running:
            yield running


def ended(client, answer):
    """Wait for the run that a form has begun; return it."""
    name = parse_qs(urlsplit(answer.headers["location"]).query)["id"][0]

    def run():
        return client.get("/api/run", params={"id": name}).json()

    wait_until(lambda: run()["state"] in {"done", "failed"}, seconds=60)
    return run()


def test_engines_that_answer_and_one_that_is_away(site):
    client = site.client("viewer")

    wait_until(lambda: client.get("/api/engines").json()["servers"][0]["ready"], seconds=60)
    found = client.get("/api/engines").json()
    page = client.get("/engines").text

    there, away = found["servers"]
    assert there["ready"]
    assert [(e["name"], e["ready"]) for e in there["engines"]] == [("echo", True)]
    assert (away["ready"], bool(away["error"])) == (False, True)
    assert found["configured"]["MODEL_ENGINE"] == "e5"
    assert "classify" in found["known"]["e5"]
    assert [c["recommended"] for c in found["comparisons"]] == ["e5"]
    assert "<script>alert(1)" not in page
    assert away["server"] in page


def test_what_waits_for_the_store_is_stored(site):
    store = open_store("sqlite", site.home / "gleanery.db")
    spool = Spool(spool_folder(site.home, store), max_bytes=2**20)
    spool.append([Post(platform="reddit", external_id="t3_late", url="u", text="late")])
    refused = [Post(platform="reddit", external_id=f"t3_{n}", url="u") for n in ("no", "again")]
    spool.refused.keep([(post, EVIL) for post in refused])
    client = site.client("operator")
    headers = {"X-CSRF-Token": token_of(client)}

    before = client.get("/api/stores").json()
    page = html.fromstring(client.get("/stores").text)
    gone = {"action": "discard", "identity": "reddit:t3_no"}
    unsaid = client.post("/api/stores/refused", params=gone, headers=headers)
    discarded = client.post(
        "/api/stores/refused", params=gone | {"reason": "no such post"}, headers=headers
    )
    asked = {"csrf": token_of(client), "action": "requeue", "identity": "reddit:t3_again"}
    again = client.post("/stores/refused", data=asked)
    run = ended(client, client.post("/stores/replay", data={"csrf": token_of(client)}))
    checked = ended(client, client.post("/stores/check", data={"csrf": token_of(client)}))

    assert (before["reachable"], before["spool"]["items"]) == (True, 1)
    assert before["schema"]["sqlite"]
    assert page.cssselect("form[action='/stores/replay']")
    shown = before["spool"]["refused_items"]
    assert [(r["identity"], r["reason"]) for r in shown] == [(p.identity, EVIL) for p in refused]
    assert page.xpath("//td/text()").count(EVIL) == 2
    assert (unsaid.status_code, discarded.json()) == (422, {"discarded": 1})
    assert again.headers["location"] == "/stores?done=requeued"
    assert (run["result"]["saved"], run["result"]["waiting"]) == (2, 0)
    for name in ("late", "again"):
        assert client.get("/api/item", params={"id": f"reddit:t3_{name}"}).status_code == 200
    assert checked["result"]["problems"] == []
    entry = site.client("admin").get("/api/audit?action=spool.replay").json()[0]
    assert (entry["before"], entry["after"]["saved"]) == ({"waiting": 2}, 2)
    noted = site.client("admin").get("/api/audit?action=spool.discard").json()[0]
    assert noted["after"] == {"discarded": 1, "reason": "no such post"}


def test_topics_are_found_and_shown_with_their_growth(site):
    now = utc_now()
    words = ("harbour ferry sank", "ferry sank in the harbour", "ferry that sank near harbour")
    others = [f"quiet{n} village{n % 7} morning{n % 5}" for n in range(30)]
    with open_store("sqlite", site.home / "gleanery.db") as store:
        store.save([
            Post(platform="reddit", external_id=f"t3_hot{n}", url="u", title=f"{text} {EVIL}",
                 text=f"the {text} today, report {n}", fetched_at=now,
                 published_at=now - timedelta(hours=n if n < 3 else 50 + n))
            for n, text in enumerate((*words, *others))
        ])  # fmt: skip
    client = site.client("operator")

    run = ended(client, client.post("/topics", data={"csrf": token_of(client), "days": "2"}))

    assert (run["state"], run["message"]) == ("done", "")
    topic = next(t for t in client.get("/api/topics").json() if "reddit:t3_hot0" in t["members"])
    page = client.get("/topics").text
    assert sorted(topic["members"]) == [f"reddit:t3_hot{n}" for n in range(3)]
    assert len(html.fromstring(page).cssselect("svg.bars")[0].cssselect("rect")) == 24
    assert "<script>alert(1)" not in page
    refused = client.post("/topics", data={"csrf": token_of(client), "category": "nonsense"})
    assert refused.status_code == 409


def test_nodes_are_drained_work_again_and_are_forgotten(site):
    jobs = ledger(site.home)
    jobs.report(Node(name=EVIL, heartbeat_at="", slots=2, draining=False, running=["evil"]))
    client = site.client("operator")
    token = {"csrf": token_of(client), "name": EVIL}

    drained = client.post("/nodes", data=token | {"action": "drain"})
    ordered, page = jobs.drained(), client.get("/nodes").text
    alive = client.post("/nodes", data=token | {"action": "forget"})
    client.post("/nodes", data=token | {"action": "work"})
    unknown = client.post("/nodes", data=token | {"name": "none", "action": "drain"})

    (node,) = client.get("/api/nodes").json()
    assert (drained.status_code, ordered) == (303, {EVIL})
    assert (node["alive"], node["running"], node["ordered"]) == (True, ["evil"], False)
    assert "<script>alert(1)" not in page
    assert (alive.status_code, unknown.status_code) == (409, 404)
    actions = [entry["action"] for entry in site.client("admin").get("/api/audit").json()]
    assert {"node.drain", "node.work"} <= set(actions)
