"""Settings of logins to the admin page by OpenID Connect."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from gleanery.fields.base import Fields


class OidcFields(Fields):
    """Settings of logins by OpenID Connect."""

    oidc_issuer: str = ""
    """Login service (OpenID Connect) of the admin page, as it names itself; empty = local users
    alone."""
    oidc_ca: Path | None = None
    """Certificates (PEM) of who may vouch for that service, besides those the system knows."""
    oidc_client_id: str = ""
    """Name under which the admin page is registered there; its redirect address is
    ``<GLEANERY_ADMIN_URL>/login/oidc/callback``."""
    oidc_client_secret: SecretStr = SecretStr("")
    """Secret of that registration; empty = a public client, by PKCE alone."""
    oidc_scope: str = "openid profile email"
    """What the login service is asked for; some give groups only for a scope of their own."""
    oidc_role_claim: str = "groups"
    """Claim of the ID token that decides on the role; dots lead inwards: ``realm_access.roles``."""
    oidc_roles: dict[str, Literal["viewer", "operator", "admin"]] = Field({})
    """Value of that claim → role, as JSON: ``{"crawl-team": "operator"}``; the highest counts,
    none = refused."""
