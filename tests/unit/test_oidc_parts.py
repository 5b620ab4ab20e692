"""Parts of logins by OpenID Connect: settings, roles, logins under way, no such service."""

from __future__ import annotations

import pytest

pytest.importorskip("argon2", reason="needs gleanery[server]")

from admin.oidc import begun
from admin.oidc.begun import Begun, begin
from admin.oidc.provider import Provider, ProviderAwayError
from admin.oidc.visitor import role_of, wish_of
from gleanery.config import Config
from gleanery.errors import ConfigError
from tests.oidc_provider import oidc_service
from tests.ports import free_ports

GOOD = {
    "admin_url": "https://gleanery.example", "oidc_issuer": "https://idp.example",
    "oidc_client_id": "gleanery", "oidc_roles": {"crawlers": "operator"},
}  # fmt: skip
ROLES = {"a": "viewer", "b": "admin", "c": "operator"}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"admin_url": ""}, "GLEANERY_ADMIN_URL"),
        ({"oidc_client_id": ""}, "GLEANERY_OIDC_CLIENT_ID"),
        ({"oidc_roles": {}}, "GLEANERY_OIDC_ROLES"),
        ({"oidc_issuer": "http://idp.example"}, "https"),
        ({"oidc_scope": "profile"}, "openid"),
    ],
)
def test_settings_that_would_let_nobody_or_anybody_in_are_refused(changed, said):
    with pytest.raises(ConfigError, match=said):
        Provider(Config(**GOOD | changed))


@pytest.mark.parametrize(
    ("claims", "claim", "role"),
    [
        ({"groups": ["a", "c"]}, "groups", "operator"),
        ({"groups": "b"}, "groups", "admin"),
        ({"groups": ["A", "x", 1, None, ["a"]]}, "groups", None),
        ({"realm_access": {"roles": ["c"]}}, "realm_access.roles", "operator"),
        ({"https://x.example/roles": ["a"]}, "https://x.example/roles", "viewer"),
        ({"groups": {"a": True}}, "groups", None),
        ({}, "realm_access.roles", None),
    ],
)
def test_the_highest_role_of_a_claim_counts(claims, claim, role):
    assert role_of(claims, claim, ROLES) == role


def test_somebody_is_called_what_they_are_called_there():
    assert wish_of({"email": "kim@corp.example", "name": "Kim"}) == "kim@corp.example"
    assert wish_of({"preferred_username": ["kim"]}) == ""


def test_a_service_that_is_away_or_another_is_told_of():
    (closed,) = free_ports(1)
    login = begin("/")
    with oidc_service() as service:
        renamed = service.url.replace("127.0.0.1", "localhost")
        for issuer in (f"http://127.0.0.1:{closed}", f"{service.url}/not-here", renamed):
            provider = Provider(Config(**GOOD | {"oidc_issuer": issuer}))
            with pytest.raises(ProviderAwayError):
                provider.address(login)


def test_a_login_under_way_is_of_one_browser_and_does_not_last(monkeypatch):
    """Nothing is kept of it but what the browser has."""
    first, other = begin("/items?q=가;나"), begin("/" + 4000 * "x")

    assert Begun.read(first.cookie, first.state) == first
    assert Begun.read(first.cookie, other.state) is None
    assert Begun.read(first.cookie.replace("items", "jobs"), first.state) is None
    assert (
        Begun.read(first.cookie.replace(f".{first.at}.", f".{first.at + 1}."), first.state) is None
    )
    assert [Begun.read(cookie, "") for cookie in ("", "..", f"{43 * 'a'}.1.", "a.1./")] == 4 * [
        None
    ]
    assert other.next == "/"
    assert len({first.state, first.nonce, first.verifier, first.secret}) == 4
    monkeypatch.setattr(begun.time, "time", lambda: first.at + begun.SECONDS)
    assert Begun.read(first.cookie, first.state) is None


def test_an_authority_that_is_none_is_said_at_the_start(tmp_path):
    (tmp_path / "ca.pem").write_text("no certificate")

    for name in ("ca.pem", "nothing.pem"):
        with pytest.raises(ConfigError, match="GLEANERY_OIDC_CA"):
            Provider(Config(**GOOD | {"oidc_ca": tmp_path / name}))
