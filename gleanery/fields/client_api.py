"""Settings of the client API."""

from __future__ import annotations

from pydantic import Field

from gleanery.fields.base import Fields


class ClientApiFields(Fields):
    """Settings of the client API."""

    api_host: str = "127.0.0.1"
    """Where `gleanery serve-api` listens; put a proxy with TLS before it if others may reach it."""
    api_port: int = Field(8770, ge=0, le=65535)
    """Port of the client API; 0 = any that is free."""
    api_threads: int = Field(8, ge=1)
    """Questions to the store that the client API has under way at once."""
    api_timeout_seconds: float = Field(10.0, gt=0)
    """Longest time of one request to the client API; then it is answered with 503."""
    api_max_body_bytes: int = Field(65_536, ge=0)
    """Largest body of a request to the client API."""
