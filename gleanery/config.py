"""The one place where the environment is read (``GLEANERY_*``); its fields: ``gleanery.fields``.

``crawlers.settings`` hands every field to Scrapy under its upper-case name
(``GLEANERY_REDDIT_URL`` → setting ``REDDIT_URL``), so ``scrapy crawl -s REDDIT_URL=…`` works too.
"""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from gleanery.errors import ConfigError
from gleanery.fields.admin import AdminFields
from gleanery.fields.base import PREFIX
from gleanery.fields.client_api import ClientApiFields
from gleanery.fields.frontier import FrontierFields
from gleanery.fields.general import GeneralFields
from gleanery.fields.media import MediaFields
from gleanery.fields.metrics import MetricsFields
from gleanery.fields.models import ModelFields
from gleanery.fields.notices import NoticeFields
from gleanery.fields.oidc import OidcFields
from gleanery.fields.platforms import PlatformFields
from gleanery.fields.revisits import RevisitFields
from gleanery.fields.safety import SafetyFields
from gleanery.fields.scrapyd import ScrapydFields
from gleanery.fields.serve import ServeFields
from gleanery.fields.stores import StoreFields
from gleanery.fields.work import WorkFields

TEST_VARIABLES = {
    f"{PREFIX}{name}" for name in ("FIXTURES", "REQUIRE_SERVERS", "TEST_ENGINES", "TEST_KILLS")
}
"""Not settings: the test suite alone sets them."""


class Config(
    # pydantic takes fields from the last base first: listed backwards, they come in this order.
    MetricsFields,
    OidcFields,
    AdminFields,
    ServeFields,
    NoticeFields,
    ScrapydFields,
    SafetyFields,
    ClientApiFields,
    MediaFields,
    PlatformFields,
    FrontierFields,
    WorkFields,
    ModelFields,
    RevisitFields,
    StoreFields,
    GeneralFields,
    BaseSettings,
):
    """Everything that can be set; each field's docstring is its help text."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True)

    @property
    def media_place(self) -> str:
        """Address of the media store."""
        return self.media_url or str(self.home / "media")

    @property
    def store_file(self) -> Path:
        """File of the embedded store."""
        return self.store_path or self.home / "gleanery.db"

    @property
    def own_taxonomy(self) -> Path | None:
        """The operator's taxonomy; ``None`` if there is none."""
        file = self.home / "taxonomy.yaml"
        return self.taxonomy_file or (file if file.exists() else None)

    def scrapy_settings(self) -> dict[str, Any]:
        """Return every field under its upper-case name, paths as strings.

        But for ``log_format``: that name is a pattern of Scrapy's own.
        """
        names = [name for name in type(self).model_fields if name != "log_format"]
        fields = {name: getattr(self, name) for name in names}
        plain = {name.upper(): str(v) if isinstance(v, Path) else v for name, v in fields.items()}
        return plain | {"STORE_PATH": str(self.store_file), "MEDIA_URL": self.media_place}


def load_config() -> Config:
    """Read the environment.

    Raises:
        ConfigError: A value does not fit, or a ``GLEANERY_*`` name is unknown (most likely a typo).
    """
    known = {f"{PREFIX}{name.upper()}" for name in Config.model_fields} | TEST_VARIABLES
    for name in sorted(n for n in os.environ if n.startswith(PREFIX) and n not in known):
        close = get_close_matches(name, known, n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise ConfigError(f"Unknown variable {name}.{hint} 알 수 없는 환경 변수입니다.")
    try:
        return Config()
    except ValidationError as error:
        lines = [
            f"{PREFIX}{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()
        ]
        raise ConfigError("\n".join(lines)) from error


def reveal(secret: SecretStr | str | None) -> str:
    """Return the text of a secret, whether it came from the environment or from ``-s NAME=…``."""
    return secret.get_secret_value() if isinstance(secret, SecretStr) else secret or ""
