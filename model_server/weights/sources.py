"""Where weights come from: a hub of models, any web server, a folder."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self
from urllib.parse import quote, urlsplit

from gleanery.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

_HUB = re.compile(r"hf:([\w.-]+/[\w.-]+)@([\w./-]+)")


@dataclass(frozen=True, slots=True)
class Source:
    """Where one file is."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def find(cls, source: str, name: str) -> Self:
        """Return where the file ``name`` of a model is.

        Args:
            source: As the lock writes it.
            name: The file's place in the model's folder.

        Raises:
            ConfigError: The source is malformed, or its library is not installed.
        """
        if source.startswith("hf:"):
            return cls(*_on_hub(source, name))
        parts = urlsplit(source)
        if parts.scheme not in ("http", "https", "file") or (
            parts.scheme != "file" and not parts.netloc
        ):
            raise ConfigError(
                f"{source}: hf:OWNER/NAME@REVISION, https://… or file:///… (출처가 잘못되었습니다)"
            )
        return cls(f"{source.rstrip('/')}/{quote(name)}")


def _on_hub(source: str, name: str) -> tuple[str, dict[str, str]]:
    """Return address and headers, by ``HF_ENDPOINT`` and, if it is set, ``HF_TOKEN``."""
    found = _HUB.fullmatch(source)
    if found is None:
        raise ConfigError(
            f"{source}: write hf:OWNER/NAME@REVISION; a revision, since `main` moves"
            " (hf:소유자/이름@리비전 형식으로 쓰십시오)"
        )
    try:
        from huggingface_hub import get_token, hf_hub_url  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError(
            f"{source} needs huggingface_hub (패키지가 없습니다): pip install 'gleanery[models]'"
        ) from error
    repository, revision = found.groups()
    url, token = hf_hub_url(repository, name, revision=revision), get_token()
    return url, {"Authorization": f"Bearer {token}"} if token else {}
