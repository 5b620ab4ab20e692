"""Settings of media files."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from gleanery.fields.base import Fields, Words, split

MEDIA = ("images", "videos")
"""What ``download_media`` may name."""


class MediaFields(Fields):
    """Settings of media files."""

    media_url: str = ""
    """Where media files are kept: a folder, ``s3://bucket/prefix``, or ``memory://name`` (tests).

    Empty: ``HOME/media``. S3 takes its endpoint and keys as the AWS tools do (``AWS_…``).
    """
    download_media: Words = ()
    """What is downloaded: ``images``, ``videos``, or both; nothing unless you say so.

    Whether a platform's terms and the works' licences allow it is for you to decide: docs/media.md.
    """
    media_licence: Literal["any", "creative_commons"] = "any"
    """Which videos are downloaded: any, or only those marked as Creative Commons."""
    media_max_height: int = Field(360, ge=144)
    """Height in pixels of a video's picture at most, where the platform offers a choice."""
    media_max_bytes: int = Field(2**30, ge=1)
    """Largest media file in bytes."""
    media_max_seconds: float = Field(4 * 3600, gt=0)
    """Longest video or sound."""
    media_bytes_per_second: int = Field(0, ge=0)
    """Bytes a second of one video's download at most; 0 = no limit."""
    media_extractor_args: dict[str, dict[str, list[str]]] = Field({})
    """yt-dlp's ``--extractor-args`` for downloads, as JSON."""
    media_videos_by: Literal["work", "crawl"] = "work"
    """Who downloads videos: ``gleanery work``, or the crawl itself, whose items wait for them."""
    media_video_concurrency: int = Field(2, ge=1)
    """Videos that one crawl downloads at once."""
    media_images_per_item: int = Field(10, ge=0)
    """Images of one item that are fetched at most, in their order."""
    media_image_concurrency: int = Field(8, ge=1)
    """Images that one crawl fetches at once."""
    media_keep_days: float = Field(0, ge=0)
    """Age after which ``gleanery media gc`` removes files, though items name them; 0 = never."""
    media_keep_bytes: int = Field(0, ge=0)
    """Bytes of all files together that ``gleanery media gc`` leaves, newest first; 0 = all."""
    media_grace_hours: float = Field(24, ge=0)
    """Age below which ``gleanery media gc`` touches no file: its item may not be stored yet."""

    @field_validator("download_media", mode="before")
    @classmethod
    def _split_media(cls, value: object) -> object:
        return split(value)

    @field_validator("download_media")
    @classmethod
    def _check_media(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := set(value) - set(MEDIA):
            raise ValueError(f"{', '.join(sorted(unknown))}: there are {', '.join(MEDIA)}")
        return value
