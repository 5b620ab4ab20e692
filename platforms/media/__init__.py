"""Downloads of what items name: videos by yt-dlp or plain HTTP, to disk (``.download``)."""

from platforms.media.downloaded import Cancelled, Downloaded, Progress
from platforms.media.plan import refusal, video_sources

__all__ = ["Cancelled", "Downloaded", "Progress", "refusal", "video_sources"]
