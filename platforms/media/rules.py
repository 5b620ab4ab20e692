"""What may be downloaded, and how, taken from the configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from gleanery.errors import ConfigError

if TYPE_CHECKING:
    from gleanery.config import Config

TERMS = (
    "YouTube's and Reddit's terms forbid downloads that they or the owner have not permitted, and"
    " a work's licence may forbid training on it. If you may download, set"
    " GLEANERY_DOWNLOAD_MEDIA=videos (or images,videos);"
    " GLEANERY_MEDIA_LICENCE=creative_commons keeps to works marked so."
    " 내려받기가 꺼져 있습니다. 플랫폼 약관과 저작물의 라이선스가 허락하는지 확인한 뒤"
    " GLEANERY_DOWNLOAD_MEDIA=videos 로 켜십시오."
)
"""What the operator has to decide; docs/media.md says more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaRules:
    """Limits and ways of one download."""

    max_height: int = 360
    """Pixels."""
    max_bytes: int = 2**30
    """Of one file."""
    max_seconds: float = 4 * 3600
    """Length of a video or sound."""
    bytes_per_second: int = 0
    """0 = no limit."""
    licence: str = "any"
    """``any`` or ``creative_commons``."""
    user_agent: str = "Gleanery"
    allowed_addresses: tuple[str, ...] = ()
    """Private networks (CIDR) opened nevertheless."""
    web_proxy: str = ""
    youtube_proxy: str = ""
    verify_tls: bool = True
    """Of YouTube's hosts; off only for a replay proxy."""
    extractor_args: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """yt-dlp's."""

    @classmethod
    def of(cls, config: Config) -> Self:
        """Read the configuration.

        Raises:
            ConfigError: Downloads of videos are off; the message says what to think of first.
        """
        if "videos" not in config.download_media:
            raise ConfigError(f"Downloading videos is off. {TERMS}")
        same: dict[str, Any] = {
            name: getattr(config, name)
            for name in ("user_agent", "allowed_addresses", "web_proxy", "youtube_proxy")
        }
        return cls(
            max_height=config.media_max_height,
            max_bytes=config.media_max_bytes,
            max_seconds=config.media_max_seconds,
            bytes_per_second=config.media_bytes_per_second,
            licence=config.media_licence,
            verify_tls=config.youtube_verify_tls,
            extractor_args=config.media_extractor_args,
            **same,
        )
