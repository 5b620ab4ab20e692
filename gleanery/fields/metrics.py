"""Settings of metrics."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from gleanery.fields.base import Fields, Words, split


class MetricsFields(Fields):
    """Who may read metrics, and where the programs tell them that have no port of their own."""

    metrics_token: SecretStr = SecretStr("")
    """Token that Prometheus shows to the admin page, the exporter and the worker.

    Empty: they tell their numbers only to this machine, and not through a proxy.
    """
    metrics_host: str = "127.0.0.1"
    """Where `gleanery serve-metrics` and the worker's metrics listen."""
    metrics_port: int = Field(9108, ge=0, le=65535)
    """Port of `gleanery serve-metrics`; 0 = any that is free."""
    work_metrics_port: int = Field(0, ge=0, le=65535)
    """Port where `gleanery work` tells its numbers; 0 = nowhere."""
    metrics_items_seconds: float = Field(300.0, ge=0)
    """Time between two counts of all stored items by the exporter; 0 = it counts none."""
    metrics_certificates: Words = ()
    """Further certificate files (PEM) whose end the exporter tells, e.g. the admin page's."""

    @field_validator("metrics_certificates", mode="before")
    @classmethod
    def _split_certificates(cls, value: object) -> object:
        return split(value)
