"""Items on the admin page: found, shown inert, corrected."""

from __future__ import annotations

import re
from urllib.parse import quote

import cv2
import numpy as np
import pytest
from lxml import html

pytest.importorskip("argon2", reason="needs gleanery[server]")

from items.base import KINDS
from storage import open_store
from tests.admin_site import admin_site, token_of
from tests.admin_world import NUMBER, fill

LAST = f"reddit:t3_{NUMBER - 1}"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    home = tmp_path_factory.mktemp("admin")
    fill(home)
    with admin_site(home) as running:
        yield running


@pytest.fixture(scope="module")
def client(site):
    return site.client("operator")


def titles(answer):
    return [row["title"] for row in answer.json()["items"]]


def test_items_are_listed_page_by_page(client):
    seen, after = [], ""
    while True:
        answer = client.get("/api/items", params={"kind": "post", "after": after}).json()
        seen += [row["identity"] for row in answer["items"]]
        if not (after := answer["next"]):
            break

    assert seen == [f"reddit:t3_{n}" for n in reversed(range(NUMBER))]


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ({"category": "food", "until": "2026-11-01"}, range(21, -1, -3)),
        ({"review": "yes", "since": "2026-11-05"}, [110, 100]),
        ({"q": "이야기 77"}, [77]),
        ({"q": "이야기 77", "category": "food"}, []),
        ({"platform": "youtube"}, []),
        ({"quality": "0.5"}, []),
    ],
    ids=["category and day", "review", "words", "words of a category", "platform", "quality"],
)
def test_items_are_found_by_what_is_asked_for(client, asked, numbers):
    answer = client.get("/api/items", params=asked | {"kind": "post"})

    assert titles(answer) == [f"Post {n}" for n in numbers]


def test_a_form_with_empty_fields_finds_everything(client):
    fields = "q=&category=&kind=&platform=&since=&until=&quality=&review="

    page = html.fromstring(client.get(f"/items?{fields}").text)

    assert len(page.cssselect("tbody tr")) == 50
    assert [o.text for o in page.cssselect("#kind option")] == ["–", *sorted(KINDS)]


@pytest.mark.parametrize("after", ["x", "1_'; DROP TABLE items", "-1_2026"])
def test_a_place_that_is_none_is_refused(client, after):
    assert client.get("/api/items", params={"after": after}).status_code == 422


def test_scraped_titles_comments_and_addresses_are_inert(client):
    for path in ("/items", f"/item?id={quote(LAST)}"):
        text = client.get(path).text
        page = html.fromstring(text)

        assert [s.get("src") for s in page.cssselect("script")] == ["/static/htmx.min.js"]
        images = [image.get("src") for image in page.cssselect("img")]
        assert images
        assert [
            i for i in images if not re.fullmatch(r"/thumbnail/[0-9a-f]{64}(\?small=true)?", i)
        ] == []
        assert [a for a in page.cssselect("a") if a.get("href").startswith("javascript")] == []
        assert not [n for tag in page.iter() for n in tag.attrib if n.startswith("on")]
    assert text.count("&lt;script&gt;alert(1)") >= 3  # title, text, comment


def test_thumbnails_are_encoded_anew_out_of_the_media_store(client):
    page = html.fromstring(client.get(f"/item?id={quote(LAST)}").text)
    (image,) = page.cssselect(".thumbs img")

    answer = client.get(image.get("src"))

    picture = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert (answer.headers["content-type"], picture.shape) == ("image/jpeg", (213, 320, 3))
    assert b"hidden" not in answer.content
    assert client.get(f"/thumbnail/{'0' * 64}").status_code == 404
    assert client.get("/thumbnail/..%2f..%2fgleanery.db").status_code in {404, 422}


def test_a_corrected_label_is_kept_shown_and_noted(site, client):
    identity = "reddit:t3_50"
    known = {row["key"]: row for row in client.get("/api/categories").json()}
    part = known["health_medicine"]["subcategories"][0]["key"]
    whole = f"health_medicine/{part}"
    form = {"identity": identity, "category": whole, "csrf": token_of(client)}

    answer = client.post("/item/label", data=form)
    page = html.fromstring(client.get("/item", params={"id": identity}).text)
    foreign = client.post("/item/label", data=form | {"category": f"food/{part}"})

    assert answer.headers["location"] == f"/item?id={quote(identity, safe='')}&done=saved"
    assert page.xpath("//select[@id='category']//option[@selected]/@value") == [whole]
    assert foreign.status_code == 409
    item = client.get("/api/item", params={"id": identity}).json()["item"]
    assert (item["category"], item["needs_review"]) == ("health_medicine", False)
    assert item["subcategory"] == part
    person = [a for a in item["annotations"] if a["tool"] == "person"]
    assert [(a["engine"], a["value"]["category"]) for a in person] == [
        ("operator", "health_medicine")
    ]
    entries = site.client("admin").get("/api/audit?action=item.label").json()
    (entry,) = [each for each in entries if each["outcome"] == "done"]
    assert entry["before"] == {"category": "news_media", "subcategory": None, "needs_review": True}
    assert entry["after"] == {"category": "health_medicine", "subcategory": part}
    with open_store("sqlite", site.home / "gleanery.db") as store:
        assert store.find(identity)["category"] == "health_medicine"


def test_the_command_corrects_as_the_page_does(site, client):
    site.run("feedback", "correct", "reddit:t3_52", "education")

    item = client.get("/api/item", params={"id": "reddit:t3_52"}).json()["item"]
    assert item["category"] == "education"
    assert [a["value"]["category"] for a in item["annotations"] if a["tool"] == "person"] == [
        "education"
    ]


def test_a_label_that_does_not_exist_is_refused(client):
    headers = {"X-CSRF-Token": token_of(client)}
    path = "/api/item/label"

    unknown = client.post(f"{path}?id={LAST}&category=nonsense", headers=headers)
    missing = client.post(f"{path}?id=reddit:none&category=health_medicine", headers=headers)

    assert (unknown.status_code, missing.status_code) == (409, 404)
    assert "nonsense" in unknown.json()["detail"]


def test_parked_work_is_queued_again_or_discarded_with_a_reason(site, client):
    headers = {"X-CSRF-Token": token_of(client)}
    parked = [job["identity"] for job in client.get("/api/work").json()["parked"]]
    given = {"identity": parked[0]}

    silent = client.post("/api/work/discard", params=given, headers=headers)
    reason = {"reason": "not a video"}
    discarded = client.post("/api/work/discard", params=given | reason, headers=headers)
    again = client.post("/api/work/discard", params=given | reason, headers=headers)
    requeued = client.post("/api/work/requeue", params={"identity": parked[1]}, headers=headers)

    assert silent.status_code == 422
    assert [a.json() for a in (discarded, again, requeued)] == [
        {"discarded": 1}, {"discarded": 0}, {"requeued": 1},
    ]  # fmt: skip
    found = client.get("/api/work").json()
    assert (found["counts"]["queued"], found["parked"]) == (1, [])
    entries = site.client("admin").get("/api/audit?action=work.discard").json()
    assert entries[-1]["after"] == {"discarded": 1, "reason": "not a video"}
