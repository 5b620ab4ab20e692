"""Certificates that we show or trust, and when they end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from cryptography import x509

from monitoring.source import Source, gauge

if TYPE_CHECKING:
    from prometheus_client import Metric

    from gleanery.config import Config

_SETTINGS = ("mysql_ca", "mysql_cert", "mongodb_ca", "mongodb_cert")


class CertificatesSource(Source):
    """Files of the settings and of ``METRICS_CERTIFICATES``; of several, the first to end."""

    name: ClassVar[str] = "certificates"

    @property
    def every_seconds(self) -> float:
        return 60.0

    @classmethod
    def is_wanted(cls, config: Config) -> bool:
        return bool(_files(config))

    def read(self) -> list[Metric]:
        ends = {(name,): _end(path) for name, path in _files(self.config).items()}
        text = "When a certificate ends; of several in one file the first"
        name = "gleanery_certificate_expiry_timestamp_seconds"
        return [gauge(name, text, ends, ["certificate"])]


def _files(config: Config) -> dict[str, Path]:
    known = {name: path for name in _SETTINGS if (path := getattr(config, name))}
    return known | {name: Path(name) for name in config.metrics_certificates}


def _end(path: Path) -> float:
    found = x509.load_pem_x509_certificates(path.read_bytes())
    return min(c.not_valid_after_utc for c in found).timestamp()
