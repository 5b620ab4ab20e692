"""Items on the admin page are classified again, looked up by likeness, and deleted for good."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import html

pytest.importorskip("argon2", reason="needs gleanery[server]")

from items import Video, load_taxonomy
from items.clock import to_iso, utc_now
from items.video_vector import VideoVector
from model_server.engines.stub import StubOptions
from storage import open_store
from storage.tombstones import mark_of
from tests import purge_home
from tests.admin_site import admin_site, token_of
from tests.admin_world import fill
from tests.conftest import wait_until
from tests.model_echo import EchoEngine
from tests.model_serving import Served

FIRST = load_taxonomy().categories[0].key
"""What the engine for tests calls a text that names no number."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    home = tmp_path_factory.mktemp("admin")
    fill(home)
    purge_home.fill(home)
    videos = [Video(platform="youtube", external_id=n, url="u", title=n) for n in "abc"]
    with open_store("sqlite", home / "gleanery.db") as store:
        store.save(videos)
        for name, values in (("a", (1.0, 0.0)), ("b", (0.8, 0.6)), ("c", (0.0, 1.0))):
            store.save_vector(
                VideoVector(
                    identity=f"youtube:{name}", video="0" * 64, values=values, engine="e",
                    version="v1", created_at=to_iso(utc_now()),
                )
            )  # fmt: skip
    with (
        Served(EchoEngine(options=StubOptions(linger_seconds=0))) as served,
        admin_site(home, GLEANERY_MODEL_SERVER_URL=served.url) as running,
    ):
        yield running


def ended(client, answer):
    """Wait for the run that a form or a call has begun; return it."""
    place = answer.headers.get("location")
    name = parse_qs(urlsplit(place).query)["id"][0] if place else answer.json()["run"]

    def run():
        return client.get("/api/run", params={"id": name}).json()

    wait_until(lambda: run()["state"] in {"done", "failed"}, seconds=60)
    return run()


def item(client, identity):
    return client.get("/api/item", params={"id": identity}).json()["item"]


def correct(client):
    """Let a person say what one item is."""
    given = {"csrf": token_of(client), "identity": "reddit:t3_3", "category": "education"}
    client.post("/item/label", data=given)


def test_chosen_items_are_classified_again_but_for_what_a_person_said(site):
    client = site.client("operator")
    token = {"csrf": token_of(client)}
    correct(client)
    chosen = ["reddit:t3_1", "reddit:t3_2", "reddit:t3_3", "reddit:none"]

    run = ended(client, client.post("/items/reclassify", data=token | {"item": chosen}))

    assert (run["state"], run["done"], run["total"]) == ("done", 2, 2)
    expected = {"chosen": 4, "marked": 2, "by_person": 1, "missing": 1, "classified": 2}
    assert run["result"] | expected == run["result"]
    assert [item(client, i)["category"] for i in chosen[:3]] == [FIRST, FIRST, "education"]
    assert item(client, "reddit:t3_1")["annotations"][-1]["engine"] == "echo"
    (entry,) = site.client("admin").get("/api/audit?action=item.reclassify").json()
    assert (entry["before"], entry["outcome"]) == (chosen, "done")
    assert entry["after"]["classified"] == 2


def test_all_that_a_filter_finds_is_classified_again(site):
    client = site.client("operator")
    correct(client)
    page = html.fromstring(client.get("/items?kind=post&until=2026-11-01&category=food").text)
    form = {field.get("name"): field.get("value") for field in page.cssselect("[type=hidden]")}

    run = ended(client, client.post("/items/reclassify", data=form | {"every": "true"}))

    assert run["result"]["chosen"] == 8 - 1 + 2  # less the corrected one, with Kim's two
    nothing = client.post("/api/items/reclassify", json={}, headers={"X-CSRF-Token": form["csrf"]})
    assert nothing.status_code == 409


def test_the_nearest_videos_are_shown(site):
    client = site.client("viewer")

    found = client.get("/api/item/alike?id=youtube:a").json()

    rows = [(row["item"]["identity"], round(row["cosine"], 2)) for row in found["neighbours"]]
    assert rows == [("youtube:b", 0.8), ("youtube:c", 0.0)]
    assert "/item?id=youtube%3Ab" in client.get("/item/alike?id=youtube:a").text
    assert 'hx-get="/item/alike?id=youtube%3Aa"' in client.get("/item?id=youtube:a").text
    assert client.get("/api/item/alike?id=youtube:none").status_code == 404


def test_a_purge_is_looked_at_first_then_leaves_nothing(site):
    """What `gleanery purge` removes: comments, files, copies, waiting work; noted without names."""
    client, operator = site.client("admin"), site.client("operator")
    token, kims = {"csrf": token_of(client)}, purge_home.KIMS

    looked = ended(client, client.post("/purge/look", data=token | {"item": kims[0]}))
    page = client.get(f"/run?id={looked['id']}").text
    still = item(client, kims[0])["identity"]
    hidden = operator.get("/run", params={"id": looked["id"]}).status_code
    purged = ended(client, client.post("/purge", data=token | {"run": looked["id"]}))

    assert looked["result"]["items"] == 3
    assert sorted(looked["result"]["shown"]) == sorted(kims)
    assert "media files / 미디어 파일" in page
    assert (still, hidden) == (kims[0], 404)
    assert (purged["result"]["proven"], purged["result"]["items"]) == (True, 3)
    assert client.get("/api/item", params={"id": kims[0]}).status_code == 404
    assert b"harbour master" not in purge_home.bytes_of(site.home)
    (entry,) = client.get("/api/audit?action=item.purge").json()
    assert entry["before"]["marks"] == [mark_of(kims[0])]
    assert kims[0] not in str(entry)


def test_a_purge_without_a_look_is_refused(site):
    client = site.client("admin")
    headers = {"X-CSRF-Token": token_of(client)}

    unknown = client.post("/api/purge", json={"run": "none"}, headers=headers)
    none = client.post("/api/purge/look", json={"items": ["nonsense"]}, headers=headers)

    assert (unknown.status_code, none.status_code) == (404, 409)


def test_pages_of_runs_are_inert_and_listed(site):
    client = site.client("operator")
    given = {"csrf": token_of(client), "item": ["reddit:none"]}
    ended(client, client.post("/items/reclassify", data=given))

    page = client.get("/runs")

    assert page.status_code == 200
    assert html.fromstring(page.text).cssselect("tbody th[scope=row] a")
