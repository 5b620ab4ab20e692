"""What is registered at the login service, out of the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gleanery.errors import ConfigError

if TYPE_CHECKING:
    from pydantic import SecretStr

    from gleanery.config import Config

CALLBACK = "/login/oidc/callback"
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """Who we are over there."""

    issuer: str
    client_id: str
    secret: SecretStr
    scope: str
    redirect_uri: str

    @classmethod
    def of(cls, config: Config) -> Registration:
        """Read it.

        Raises:
            ConfigError: A setting is missing or malformed.
        """
        needed = {
            "GLEANERY_ADMIN_URL": config.admin_url,  # never the Host that a request names
            "GLEANERY_OIDC_CLIENT_ID": config.oidc_client_id,
            "GLEANERY_OIDC_ROLES": config.oidc_roles,
        }
        if missing := [name for name, value in needed.items() if not value]:
            raise ConfigError(
                f"GLEANERY_OIDC_ISSUER needs {', '.join(missing)} (설정이 더 필요합니다)"
            )
        if not may_be_asked(config.oidc_issuer):
            raise ConfigError("GLEANERY_OIDC_ISSUER is no https address (https 주소여야 합니다)")
        if "openid" not in config.oidc_scope.split():
            raise ConfigError("GLEANERY_OIDC_SCOPE lacks openid (openid가 있어야 합니다)")
        return cls(
            issuer=config.oidc_issuer,
            client_id=config.oidc_client_id,
            secret=config.oidc_client_secret,
            scope=config.oidc_scope,
            redirect_uri=config.admin_url.rstrip("/") + CALLBACK,
        )

    @property
    def issuer_host(self) -> str:
        """Host of the login service, for people."""
        return urlsplit(self.issuer).hostname or ""


def may_be_asked(address: str) -> bool:
    """Whether nobody on the way can read or change it: TLS, or this machine."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
