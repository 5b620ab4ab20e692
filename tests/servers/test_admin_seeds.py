"""Profiles of seeds are edited on the admin page: checked, never half written, never elsewhere."""

from __future__ import annotations

import pytest
from lxml import html

pytest.importorskip("argon2", reason="needs gleanery[server]")

from items import Seed, load_profile
from items.clock import to_iso
from items.seed import PROFILES
from storage import open_store
from storage.seeds_begun import note_begun
from tests.admin_site import admin_site, token_of
from tests.cli import gleanery
from tests.purge_home import NOON

GOOD = "# ours\n- {platform: reddit, kind: subreddit, value: korea, category: news_media}\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    home = tmp_path_factory.mktemp("admin")
    with admin_site(home) as running:
        yield running


@pytest.fixture(scope="module")
def client(site):
    return site.client("operator")


def save(client, name, text, etag=""):
    headers = {"X-CSRF-Token": token_of(client)}
    given = {"name": name, "text": text, "etag": etag}
    return client.post("/api/seeds/file", json=given, headers=headers)


def test_a_profile_is_saved_used_and_noted(site, client):
    """A shipped one is copied to HOME/seeds, where the command finds it, and comes back at last."""
    page = html.fromstring(client.get("/seeds/file?name=news").text)
    form = {field.get("name"): field.get("value") for field in page.cssselect("[type=hidden]")}
    shipped = page.cssselect("textarea")[0].text.removeprefix("\n")

    saved = client.post("/seeds/file", data=form | {"text": GOOD.replace("\n", "\r\n")})
    listed = {p["name"]: p for p in client.get("/api/seeds").json()["profiles"]}
    used = gleanery(site.home, "profiles", "--json").json["news"]
    kept = client.get("/api/seeds/file?name=news").json()
    removed = client.post("/seeds/file", data=form | {"action": "remove", "etag": kept["etag"]})

    assert shipped == (PROFILES / "news.yaml").read_text("utf-8")
    assert saved.headers["location"] == "/seeds/file?name=news&done=saved"
    assert (listed["news"]["own"], listed["daily"]["own"]) == (True, False)
    assert [seed["value"] for seed in used] == ["korea"]
    assert (kept["text"], kept["problems"]) == (GOOD, [])
    assert removed.status_code == 303
    assert len(load_profile("news", site.home)) > 1
    gone, new = site.client("admin").get("/api/audit?user=operator").json()[:2]
    assert [gone["action"], new["action"]] == ["seeds.remove", "seeds.save"]
    assert "+- {platform: reddit, kind: subreddit" in new["after"]["diff"]
    assert "-- {platform: reddit, kind: subreddit" in gone["after"]["diff"]


def test_crawls_are_listed_with_the_seeds_they_began_with(site, client):
    odd = Seed(platform="google", kind="query", value="<b>김치</b> & co")
    with open_store("sqlite", site.home / "gleanery.db") as store:
        for job in (None, "a job/1"):
            note_begun(store, "google-1", [odd], NOON, job=job)

    (told,) = client.get("/api/seeds").json()["begun"]
    page = html.fromstring(client.get("/seeds", headers={"Accept-Language": "ko"}).text)

    assert [told] == gleanery(site.home, "seeds", "--begun", "--json").json
    assert (told["times"], told["at"]) == (2, to_iso(NOON))
    (row,) = page.cssselect("#begun tbody tr")
    shown = [cell.text_content() for cell in row]
    assert shown == [odd.label, "google-1", "a job/1", "2", "2026-11-01 12:00", "2026-11-01 12:00"]
    assert row.cssselect("a")[0].get("href") == "/job?name=a%20job/1"
    assert "수집이 시작한 시드" in page.text_content()


@pytest.mark.parametrize(
    ("text", "line", "field"),
    [
        (GOOD + "- {platform: reddit, kind: subredit, value: x}", 3, "kind"),
        (GOOD + "- platform: reddit\n  kind: subreddit\n  valeu: x", 5, "valeu"),
        (GOOD + "- {platform: moon, kind: subreddit, value: x}", 3, "platform"),
        ("- {platform: reddit, kind: subreddit, value: x,\n  category: nonsense}", 2, "category"),
        ("- {platform: reddit, kind: subreddit, value: x, max_depth: -1}", 1, "max_depth"),
        ("- {platform: reddit, kind: subreddit, value: x,\n   options: {sort: odd}}", 2,
         "options.sort"),
        ("- {platform: google, kind: urls, value: /etc/passwd}", 1, "value"),
        ("- &a {platform: reddit, kind: subreddit, value: x}\n- *a", 2, ""),
        (GOOD + GOOD, 2, "value"),
        ("- {platform: reddit", 1, ""),
        ("nothing", 1, ""),
        ("[" * 5000, 1, ""),
        ("", 1, ""),
    ],
    ids=["kind", "field", "platform", "category", "depth", "option", "file", "alias", "twice",
         "yaml", "no list", "deep", "empty"],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_line_and_field(site, client, text, line, field):
    answer = save(client, "mine", text)

    assert answer.status_code == 422
    told = [(problem["line"], problem["field"]) for problem in answer.json()["problems"]]
    assert (line, field) in told
    assert not (site.home / "seeds" / "mine.yaml").exists()


def test_a_form_that_does_not_fit_keeps_what_was_typed(client):
    form = {"csrf": token_of(client), "name": "mine", "text": "<b>- nonsense: [", "action": "check"}

    answer = client.post("/seeds/file", data=form)

    page = html.fromstring(answer.text)
    assert answer.status_code == 422
    assert page.cssselect("textarea")[0].text.strip() == form["text"]
    assert page.cssselect("[role=alert] td")


def test_nobody_overwrites_what_they_have_not_seen(site, client):
    first = save(client, "shared", GOOD).json()["etag"]
    theirs = GOOD.replace("korea", "hanguk")
    save(client, "shared", theirs, first)
    form = {"csrf": token_of(client), "name": "shared", "text": GOOD, "etag": first}

    late = save(client, "shared", GOOD, first)
    page = client.post("/seeds/file", data=form)
    blind = save(client, "shared", GOOD)

    assert (late.status_code, page.status_code, blind.status_code) == (409, 409, 409)
    assert "hanguk" in page.text
    assert (site.home / "seeds" / "shared.yaml").read_text("utf-8") == theirs


@pytest.mark.parametrize(
    "name", ["../admin", "..", "a/b", "/etc/cron", "a.b", "x\0y", "", "a" * 65, "..%2fadmin"]
)
def test_nothing_outside_the_folder_is_read_or_written(site, client, name):
    before = set(site.home.rglob("*"))

    statuses = {
        save(client, name, GOOD).status_code,
        client.get("/seeds/file", params={"name": name}).status_code,
        client.get("/api/seeds/file", params={"name": name}).status_code,
    }

    assert statuses <= {409, 422}
    assert {p for p in site.home.rglob("*") if p.suffix == ".yaml"} <= before


def test_links_are_not_followed(site, client):
    folder = site.home / "seeds"
    folder.mkdir(exist_ok=True)
    (folder / "link.yaml").symlink_to(site.home / "admin.db")

    assert client.get("/seeds/file?name=link").status_code == 409
    assert save(client, "link", GOOD).status_code == 409
    (folder / "link.yaml").unlink()
