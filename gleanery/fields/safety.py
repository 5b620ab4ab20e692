"""Settings of a good citizen, safe by default."""

from __future__ import annotations

from pydantic import Field, field_validator

from gleanery.addresses import check_networks
from gleanery.fields.base import Fields, Words, split


class SafetyFields(Fields):
    """Settings of a good citizen, safe by default."""

    user_agent: str = "Gleanery/0.1 (content collection; contact not set)"
    """How we introduce ourselves to every site; put a way to reach you in it."""
    allowed_addresses: Words = ()
    """Private or loopback networks (CIDR) opened all the same, e.g. ``127.0.0.0/8`` for tests."""
    download_maxsize: int = Field(20 * 2**20, ge=1)
    """Largest answer in bytes, after decompression."""

    @field_validator("allowed_addresses", mode="before")
    @classmethod
    def _split_addresses(cls, value: object) -> object:
        return split(value)

    @field_validator("allowed_addresses")
    @classmethod
    def _check_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        check_networks(value)
        return value
