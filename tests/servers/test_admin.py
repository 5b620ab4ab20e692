"""The admin page over HTTP: who gets in, who may do what, and what attackers get."""

from __future__ import annotations

import json
import re

import httpx2
import pytest
from lxml import html

pytest.importorskip("argon2", reason="needs gleanery[server]")

from admin import metrics
from admin.gate import Needs, Public
from admin.pages import login, oidc
from admin.pages.all import GATES
from items import Proposal
from storage import open_store
from tests.admin_site import ROLES, admin_site, password, token_of

EVIL = '<script>alert(1)</script><img src=x onerror="alert(2)">'


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    home = tmp_path_factory.mktemp("admin")
    words = {"name_ko": EVIL, "name_en": EVIL, "description_ko": EVIL, "description_en": EVIL}
    proposals = [
        Proposal(key=key, parent=None, engine="e5", version="1", evidence=[EVIL], **words)
        for key in ("first", "second", "third")
    ]
    with open_store("sqlite", home / "gleanery.db") as store:
        store.propose(proposals)
    with admin_site(home) as running:
        yield running


@pytest.fixture(scope="module")
def clients(site):
    return {role: site.client(role) for role in ("", *ROLES)}


def routes():
    """All routes of the program, with what guards them."""
    guarded = [r for g in (login.gate, *GATES) for r in (*g.pages.routes, *g.api.routes)]
    for route in (*guarded, *login.public.routes, *oidc.public.routes):
        marks = [d.dependency for d in route.dependencies]
        yield route, [m for m in marks if isinstance(m, Needs) or m is Public]


def test_every_route_states_one_role():
    unstated = [route.path for route, marks in routes() if len(marks) != 1]

    assert unstated == []


def test_what_is_for_everybody_is_little():
    """The list is short on purpose: what is added to it needs a reason."""
    public = {(route.path, *route.methods) for route, marks in routes() if marks == [Public]}

    assert public == {
        ("/login", "GET"), ("/login", "POST"), ("/api/login", "POST"), ("/look", "POST"),
        ("/healthz", "GET"), ("/readyz", "GET"),
        ("/login/oidc", "GET"), ("/login/oidc/callback", "GET"),
    }  # fmt: skip


def test_metrics_are_for_scrapers_alone():
    assert [(r.path, [d.dependency for d in r.dependencies]) for r in metrics.routes.routes] == [
        ("/metrics", [metrics.for_scrapers])
    ]


def test_no_route_lets_a_lower_role_through(clients):
    """Every route, asked for by everybody who may not use it."""
    let_through = []
    for route, (mark,) in routes():
        role = getattr(mark, "role", "")
        (method,) = route.methods
        path = route.path.replace("{key}", "0" * 64)
        for lower in ("", *ROLES)[: (("", *ROLES).index(role))]:
            given = clients[lower]
            headers = {"X-CSRF-Token": token_of(given) if lower else "", "Accept": "text/html"}
            status = given.request(method, path, headers=headers).status_code
            if status != (403 if lower else 401 if path.startswith("/api/") else 303):
                let_through.append((lower, method, path, status))

    assert let_through == []


def test_forms_of_other_sites_change_nothing(site, clients):
    """Neither without the session's token, nor from another origin with it."""
    client = clients["operator"]
    form = {"name": "first", "verdict": "rejected"}

    bare = client.post("/proposals", data=form)
    wrong = client.post("/proposals", data=form | {"csrf": token_of(clients["admin"])})
    good = form | {"csrf": token_of(client)}
    foreign = client.post("/proposals", data=good, headers={"Origin": "https://evil.example"})
    opaque = client.post("/proposals", data=good, headers={"Origin": "null"})
    cross = client.post("/proposals", data=good, headers={"Sec-Fetch-Site": "cross-site"})
    plain = client.post(
        "/api/proposals/decide", params=form, content="{}", headers={"Content-Type": "text/plain"}
    )

    assert [a.status_code for a in (bare, wrong, foreign, opaque, cross, plain)] == [403] * 6
    assert "first" in {p["key"] for p in client.get("/api/proposals").json()}


def test_a_change_is_made_and_noted(clients):
    client = clients["operator"]
    form = {"name": "third", "verdict": "rejected", "csrf": token_of(client)}

    answer = client.post("/proposals", data=form)

    assert (answer.status_code, answer.headers["location"]) == (303, "/proposals?done=rejected")
    entry = clients["admin"].get("/api/audit?action=proposal.rejected").json()[0]
    del entry["id"], entry["at"]
    assert entry == {
        "user": "operator", "address": "127.0.0.1", "action": "proposal.rejected",
        "subject": "third", "before": {"status": "pending"}, "after": {"status": "rejected"},
        "outcome": "done",
    }  # fmt: skip


def test_what_was_scraped_is_shown_as_text(clients):
    page = clients["operator"].get("/proposals")

    assert "&lt;script&gt;alert(1)" in page.text
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/proposals",
        "/jobs",
        "/frontier",
        "/work",
        "/settings",
        "/audit",
        "/users",
        "/topics",
        "/nodes",
        "/seeds",
        "/seeds/file?name=news",
        "/engines",
        "/stores",
        "/runs",
    ],
)
def test_pages_hold_no_script_or_style_of_their_own(clients, path):
    page = clients["admin"].get(path)

    assert page.status_code == 200
    tags = [tag for tag in html.fromstring(page.text).iter() if isinstance(tag.tag, str)]
    assert [t for t in tags if t.tag == "style" or (t.tag == "script" and t.text)] == []
    names = {name for tag in tags for name in tag.attrib}
    assert [n for n in names if n == "style" or n.startswith("on")] == []
    assert [t for t in tags if "javascript:" in t.get("href", "")] == []


def test_only_what_holds_no_secret_is_compressed(clients):
    """A page's length would else tell, letter by letter, what stands beside a visitor's words."""
    script, page = (clients["viewer"].get(path) for path in ("/static/htmx.min.js", "/items?q=x"))

    assert script.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in page.headers


def test_a_login_begins_a_session_that_nobody_knew_before(site):
    """A token that somebody else has put into the browser becomes nobody's."""
    with site.client() as client:
        client.cookies.set("gleanery", "planted-by-an-attacker", domain="127.0.0.1")

        answer = client.post("/login", data={"user": "viewer", "password": password("viewer")})

        cookie = answer.headers["set-cookie"]
        assert "planted" not in cookie
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
    with site.client() as attacker:
        attacker.cookies.set("gleanery", "planted-by-an-attacker", domain="127.0.0.1")
        assert attacker.get("/").headers["location"] == "/login?next=/"


def test_a_session_ends_at_its_logout_and_when_revoked(site):
    first, second = site.client("lee"), site.client("lee")

    first.post("/logout", data={"csrf": token_of(first)})
    after_logout = [c.get("/").status_code for c in (first, second)]
    site.run("users", "revoke", "lee")

    assert after_logout == [303, 200]
    assert second.get("/").status_code == 303


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example",
     "javascript:alert(1)", "\\\\evil.example", "/%0d%0aSet-Cookie: a=b\r\nX: y"],
)  # fmt: skip
def test_a_login_leads_to_no_other_site(site, target):
    form = {"user": "admin", "password": password("admin"), "next": target}

    with site.client() as client:
        assert client.post("/login", data=form).headers["location"] == "/"
        assert client.post("/look", data={"next": target}).headers["location"] == "/"


def test_where_no_login_service_is_set_there_is_no_such_login(site):
    with site.client() as client:
        begun, ended = client.get("/login/oidc"), client.get("/login/oidc/callback?state=a&code=b")
        assert (begun.status_code, ended.status_code) == (404, 404)
        assert "/login/oidc" not in client.get("/login").text


def test_guessing_is_stopped_even_with_the_right_password_at_last(site):
    with site.client() as client:
        for _ in range(8):
            client.post("/login", data={"user": "park", "password": "a wrong guess"})

        late = client.post("/login", data={"user": "park", "password": password("park")})
        other = client.post("/login", data={"user": "viewer", "password": password("viewer")})

    assert (late.status_code, int(late.headers["retry-after"]) > 0) == (429, True)
    assert other.status_code == 303


def test_programs_log_in_by_token(site):
    given = {"user": "operator", "password": password("operator")}
    token = httpx2.post(f"{site.url}/api/login", json=given, timeout=60).json()["token"]
    bearer = {"Authorization": f"Bearer {token}"}

    answer = httpx2.post(
        f"{site.url}/api/proposals/decide?name=second&verdict=rejected", headers=bearer
    )

    assert (answer.status_code, answer.json()["status"]) == (200, "rejected")
    paths = httpx2.get(f"{site.url}/api/openapi.json", headers=bearer, timeout=60).json()["paths"]
    assert {"/api/stats", "/api/proposals", "/api/work", "/api/frontier"} <= set(paths)


def test_passwords_and_tokens_are_kept_as_hashes_only(site, clients):
    token = clients["admin"].cookies["gleanery"]
    kept = b"".join(path.read_bytes() for path in site.home.glob("admin.*"))

    assert b"$argon2id$" in kept
    assert [s for s in (token, password("admin")) if s.encode() in kept] == []


def test_errors_show_nothing_of_our_insides(site, clients):
    (site.home / "work.db").unlink(missing_ok=True)
    (site.home / "work.db").mkdir()

    answer = clients["viewer"].get("/work")

    (site.home / "work.db").rmdir()
    assert answer.status_code == 503
    assert str(site.home) not in answer.text
    assert "Traceback" not in answer.text
    assert re.search(r"# [0-9a-f]{8}", answer.text)


def test_the_page_speaks_the_language_that_is_asked_for(site):
    with site.client() as client:
        plain = client.get("/login")
        english = client.get("/login", headers={"Accept-Language": "fr, en;q=0.8, ko;q=0.5"})
        client.post("/look", data={"language": "en", "theme": "dark"})
        chosen = client.get("/login", headers={"Accept-Language": "ko"})

    assert '<html lang="ko" data-theme="auto">' in plain.text
    assert '<html lang="en"' in english.text
    assert '<html lang="en" data-theme="dark">' in chosen.text


def test_an_admin_lets_people_in_changes_their_role_and_logs_them_out(site, clients):
    """On the page and as JSON; nobody takes a role from themselves, and no password is noted."""
    admin, name, secret = clients["admin"], "choi", password("choi")
    csrf = {"csrf": token_of(admin)}
    headers = {"X-CSRF-Token": csrf["csrf"]}

    def does(**asked):
        return admin.post("/api/users", params={"name": name} | asked, headers=headers)

    given = {"name": name, "password": secret, "role": "viewer"}
    added = admin.post("/users/add", data=csrf | given)
    choi = site.client(name)
    listed = {user["name"]: user for user in admin.get("/api/users").json()}
    does(action="role", role="operator")
    promoted = choi.get("/settings").status_code
    revoked = admin.post("/users", data=csrf | {"name": name, "action": "revoke"})
    after = choi.get("/").status_code
    given = {"name": name, "password": "another secret"}
    changed = admin.post("/api/users/password", json=given, headers=headers)
    old = site.client().post("/login", data={"user": name, "password": secret}).status_code
    refused = [
        does(action="remove", name="admin"), does(action="role", name="nobody"),
        admin.post("/api/users/add", json=given, headers=headers),
        admin.post("/api/users/add", json=given | {"name": "x", "password": "s"}, headers=headers),
    ]  # fmt: skip
    gone = does(action="remove")

    assert added.headers["location"] == "/users?done=saved"
    assert (listed[name]["role"], listed[name]["sessions"]) == ("viewer", 1)
    assert listed[name]["seen_at"] >= listed[name]["created_at"]
    assert (promoted, after, old) == (200, 303, 401)
    assert revoked.headers["location"] == "/users?done=revoked"
    assert (changed.json(), gone.json()) == ({"user": name}, {"user": name, "removed": name})
    assert [answer.status_code for answer in refused] == [409] * 4
    entries = [e for e in admin.get("/api/audit?user=admin").json() if e["subject"] == name]
    done = [e["action"] for e in reversed(entries) if e["outcome"] == "done"]
    assert done == ["user.add", "user.role", "user.revoke", "user.passwd", "user.remove"]
    assert secret not in str(entries)


def test_users_are_added_changed_and_removed(site, clients):
    name, given = "kim", f"{password('kim')}\n"
    site.run("users", "add", name, "--role", "operator", "--password-stdin", given=given)
    kim = site.client(name)

    before = kim.get("/").status_code
    site.run("users", "passwd", name, "--password-stdin", given="another secret\n")
    after = kim.get("/").status_code
    site.run("users", "remove", name)

    assert (before, after) == (200, 303)
    names = {user["name"] for user in json.loads(site.run("users", "list", "--json"))}
    assert name not in names
    entries = clients["admin"].get("/api/audit?action=user.remove").json()
    (entry,) = [each for each in entries if each["subject"] == name]
    assert entry["outcome"] == "done"
    assert entry["user"].startswith("cli:")
