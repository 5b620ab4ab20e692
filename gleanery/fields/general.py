"""Where state lies, what is logged, and how a crawl behaves towards sites."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from gleanery.fields.base import Fields


class GeneralFields(Fields):
    """Where state lies, what is logged, and how a crawl behaves towards sites."""

    home: Path = Path(".gleanery")
    """Folder of all state: the store, job reports, resumable queues, caches."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least severe log line shown."""

    log_format: Literal["text", "json"] = "text"
    """How log lines look: for people, or one JSON object each for what collects them."""
