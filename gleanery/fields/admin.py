"""Settings of the admin page."""

from __future__ import annotations

from pydantic import Field, field_validator

from gleanery.fields.base import Fields, Words, split


class AdminFields(Fields):
    """Settings of the admin page."""

    admin_url: str = ""
    """Where people reach the admin page, e.g. ``https://gleanery.example``; empty = at its host.

    With ``https`` its cookies go over TLS alone.
    """
    admin_idle_minutes: float = Field(60, gt=0)
    """Time without a request after which somebody is logged out of the admin page."""
    admin_session_hours: float = Field(12, gt=0)
    """Time after a login at which it ends in any case."""
    admin_trusted_proxies: Words = ()
    """Addresses of proxies whose ``X-Forwarded-For`` the admin page believes."""

    @field_validator("admin_trusted_proxies", mode="before")
    @classmethod
    def _split_proxies(cls, value: object) -> object:
        return split(value)
