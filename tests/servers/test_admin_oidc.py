"""Logins at a login service: whom they let in, and what becomes of a lie anywhere on the way."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time

import jwt
import pytest

pytest.importorskip("argon2", reason="needs gleanery[server]")

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.admin_site import admin_site, token_of
from tests.oidc_provider import SECRET, oidc_service, settings

ENGLISH = {"Accept-Language": "en"}


@pytest.fixture(scope="module")
def running():
    with oidc_service() as started:
        yield started


@pytest.fixture
def service(running):
    yield running
    running.honest()


@pytest.fixture(scope="module")
def site(running, tmp_path_factory):
    with admin_site(tmp_path_factory.mktemp("oidc"), **settings(running)) as started:
        yield started


def there(client, next_page="/"):
    """Begin a login; return the address that the service sends the browser back to."""
    begun = client.get("/login/oidc", params={"next": next_page})
    assert begun.status_code == 303, begun.text
    return client.post(begun.headers["location"]).headers["location"]


def log_in(client, next_page="/"):
    return client.get(there(client, next_page), headers=ENGLISH)


@pytest.fixture(scope="module")
def admin(site):
    return site.client("admin")


def failures(admin):
    """The number of the last one, if any, as the audit counts."""
    return [entry["id"] for entry in admin.get("/api/audit?action=login.failed").json()][:1]


def test_a_token_may_be_signed_by_any_algorithm_of_its_key(site, service):
    service.sign = lambda service, claims: jwt.encode(
        claims, service.key, algorithm="PS512", headers={"kid": "one"}
    )
    with site.client() as client:
        log_in(client)

        assert client.get("/api/me").json()["role"] == "operator"


def test_who_is_vouched_for_gets_a_session_as_everybody_has(site, service, admin):
    service.person = {
        "sub": "248-289", "preferred_username": "Kim.Min@corp.example", "name": "김민",
        "groups": ["staff", "watchers", "crawlers"],
    }  # fmt: skip
    with site.client() as client:
        assert service.url.removeprefix("http://").partition(":")[0] in client.get("/login").text
        client.cookies.set("gleanery", "planted-by-an-attacker", domain="127.0.0.1")
        done = log_in(client, "/items?q=a")

        cookies = done.headers.get_list("set-cookie")
        me, jobs = client.get("/api/me").json(), client.get("/schedules").status_code
        refused = client.get("/audit").status_code
        service.person |= {"groups": "owners", "preferred_username": "lee"}  # another name, no list
        with site.client() as second:
            log_in(second)
        raised = client.get("/audit").status_code
        site.run("users", "revoke", me["user"])
        revoked = client.get("/").status_code

    assert '<meta http-equiv="refresh" content="0;url=/items?q=a">' in done.text
    (kept,) = [c for c in cookies if c.startswith("gleanery=") and "planted" not in c]
    assert "HttpOnly" in kept
    assert "SameSite=strict" in kept
    assert re.fullmatch(r"oidc:kim-min\.[0-9a-f]{16}", me["user"])
    assert (me["role"], jobs, refused, raised, revoked) == ("operator", 200, 403, 200, 303)
    entries = admin.get("/api/audit?action=login").json()
    mine = [(e["before"], e["after"]) for e in entries if e["user"] == me["user"]]
    assert mine == [
        ({"role": "operator"}, {"role": "admin"}), ({"role": None}, {"role": "operator"}),
    ]  # fmt: skip


def test_a_session_ends_when_its_role_is_taken_away(site, service):
    service.person = {"sub": "leaves", "groups": ["watchers"]}
    with site.client() as client, site.client() as second:
        log_in(client)
        before = client.get("/").status_code
        name = client.get("/api/me").json()["user"]

        service.person = {"sub": "leaves", "groups": ["somebody", 7, None]}
        done = log_in(second)

        assert (before, done.status_code, client.get("/").status_code) == (200, 403, 303)
        assert "you have no role here" in done.text
    assert name not in site.run("users", "list", "--json")
    assert second.cookies.get("gleanery") is None


def forged(service, claims):
    """Signed by a key of the attacker's, under the service's name for its own."""
    mine = rsa.generate_private_key(65537, 2048)
    return jwt.encode(claims, mine, algorithm="RS256", headers={"kid": "one"})


def unsigned(service, claims):
    return jwt.encode(claims, None, algorithm="none", headers={"kid": "one"})


def confused(service, claims):
    """Signed with the public key, as if it were a secret."""
    public = service.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    head = {"alg": "HS256", "typ": "JWT", "kid": "one"}
    parts = b".".join(_coded(json.dumps(part).encode()) for part in (head, claims))
    return (parts + b"." + _coded(hmac.digest(public, parts, hashlib.sha256))).decode()


def _coded(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")


def without(name):
    return lambda claims: {k: v for k, v in claims.items() if k != name}


LIES = {
    "another nonce": {"lie": lambda c: c | {"nonce": "of-another-login"}},
    "no nonce": {"lie": without("nonce")},
    "another audience": {"lie": lambda c: c | {"aud": "other-program"}},
    "made for another of its audiences": {"lie": lambda c: c | {"aud": [c["aud"], "other"]}},
    "asked for by another": {"lie": lambda c: c | {"azp": "other"}},
    "another issuer": {"lie": lambda c: c | {"iss": "https://evil.example"}},
    "expired": {"lie": lambda c: c | {"iat": time.time() - 900, "exp": time.time() - 600}},
    "never expires": {"lie": without("exp")},
    "of nobody": {"lie": without("sub")},
    "unsigned": {"sign": unsigned},
    "signed by another": {"sign": forged},
    "signed with the public key": {"sign": confused},
    "no token": {"sign": lambda service, claims: "no.token.at-all"},
    "answer of another issuer": {"answer": {"iss": "https://evil.example"}},
    "answer without an issuer": {"answer": {"iss": None}},
    "another state": {"answer": {"state": "of-another-login"}},
    "another code": {"answer": {"code": "of-another-login"}},
    "refused there": {"answer": {"code": None, "error": "access_denied"}},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_lie_logs_nobody_in(site, service, admin, lie):
    for name, value in lie.items():
        setattr(service, name, value)
    before = failures(admin)
    with site.client() as client:
        done = log_in(client)

        assert done.status_code == 400
        assert "could not be finished" in done.text
        assert client.cookies.get("gleanery") is None
        assert client.get("/").status_code == 303
    assert failures(admin) > before


def test_an_answer_counts_once_and_in_its_own_browser(site, service):
    with site.client() as client, site.client() as victim:
        stolen = there(client)
        elsewhere = victim.get(stolen)
        there(victim)  # even with a login of its own under way
        planted = victim.get(stolen)
        kept = client.cookies["gleanery-login"]
        first = client.get(stolen)
        client.post("/logout", data={"csrf": token_of(client)})
        client.cookies.set("gleanery-login", kept, domain="127.0.0.1")
        replayed = client.get(stolen)

    statuses = [a.status_code for a in (elsewhere, planted, first, replayed)]
    assert statuses == [400, 400, 200, 400]
    assert victim.cookies.get("gleanery") is None


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_a_login_leads_to_no_other_site(site, service, target):
    with site.client() as client:
        done = log_in(client, target)

    assert '0;url=/">' in done.text
    assert "evil" not in done.text


def test_nobody_logs_in_with_a_password_as_such_a_user(site, service):
    """There is none to guess, and none can be given."""
    with site.client() as client:
        log_in(client)
        name = client.get("/api/me").json()["user"]
    with site.client() as client:
        guess = client.post("/login", data={"user": name, "password": "nobody's password"})
        local = client.post("/login", data={"user": "viewer", "password": "viewer-password"})

    assert (guess.status_code, local.status_code) == (401, 303)
    with pytest.raises(AssertionError, match="There is no user"):
        site.run("users", "passwd", name, "--password-stdin", given="a good password\n")


def test_the_secret_is_neither_shown_nor_logged(site, service):
    page = site.client("operator").get("/settings").text

    assert "GLEANERY_OIDC_CLIENT_SECRET" in page
    log = (site.home / "admin.log").read_text()
    assert [text for text in (page, log) if SECRET in text] == []
