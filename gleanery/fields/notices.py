"""Settings of notices: who is told of jobs that fail, stall, are lost or out of line."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr, field_validator

from gleanery.fields.base import Fields, Words, split


class NoticeFields(Fields):
    """Settings of notices of jobs."""

    notify_events: Words = ("failed", "stalled", "lost", "budget", "anomaly")
    """What people are told of; ``budget``: a job ended because its limit was reached; ``anomaly``:
    it finished out of line with earlier runs."""
    notify_webhook_url: SecretStr = SecretStr("")
    """Where each event is posted as JSON; empty = nowhere. Internal addresses are refused unless
    ``GLEANERY_ALLOWED_ADDRESSES`` opens them."""
    notify_webhook_secret: SecretStr = SecretStr("")
    """Key of the signature (HMAC-SHA256) of what is posted; the address needs one."""
    notify_email_to: Words = ()
    """Who gets each event as a mail; empty = nobody."""
    notify_email_from: str = "gleanery@localhost"
    """Who such a mail says it is from."""
    notify_smtp_host: str = "localhost"
    """Server that takes the mails."""
    notify_smtp_port: int = Field(587, ge=1, le=65535)
    """Its port; usually 587 with ``starttls``, 465 with ``tls``."""
    notify_smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    """How the way to it is encrypted; a login is sent over TLS alone."""
    notify_smtp_username: str = ""
    """Name to log in with; empty = without a login."""
    notify_smtp_password: SecretStr = SecretStr("")
    """Password to log in with."""

    @field_validator("notify_events", "notify_email_to", mode="before")
    @classmethod
    def _split_words(cls, value: object) -> object:
        return split(value)
