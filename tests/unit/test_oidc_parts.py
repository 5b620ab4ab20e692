"""Parts of logins by OpenID Connect: settings, roles, logins under way, no such service."""

from __future__ import annotations

import pytest

pytest.importorskip("argon2", reason="needs gleanery[server]")

from admin.oidc import begun
from admin.oidc.begun import Logins
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
    login = Logins().begin("/", "")
    assert login is not None
    with oidc_service() as service:
        renamed = service.url.replace("127.0.0.1", "localhost")
        for issuer in (f"http://127.0.0.1:{closed}", f"{service.url}/not-here", renamed):
            provider = Provider(Config(**GOOD | {"oidc_issuer": issuer}))
            with pytest.raises(ProviderAwayError):
                provider.address(login)


def test_logins_under_way_are_few_and_do_not_last(monkeypatch):
    logins = Logins()
    begun_here = [logins.begin("/", "one") for _ in range(begun.BY_ADDRESS + 1)]
    first, elsewhere = begun_here[0], logins.begin("/", "two")
    assert first is not None
    assert elsewhere is not None

    assert begun_here[-1] is None
    assert logins.take(first.state, elsewhere.browser) is None
    assert logins.take(first.state, first.browser) is first
    assert logins.take(first.state, first.browser) is None
    monkeypatch.setattr(begun.time, "monotonic", lambda: elsewhere.until + 1)
    assert logins.take(elsewhere.state, elsewhere.browser) is None
