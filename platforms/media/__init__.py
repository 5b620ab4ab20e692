"""Downloads of what items name: videos by yt-dlp or plain HTTP, to disk."""

from platforms.media.download import download
from platforms.media.downloaded import Cancelled, Downloaded, Progress
from platforms.media.plan import refusal, video_sources

__all__ = ["Cancelled", "Downloaded", "Progress", "download", "refusal", "video_sources"]
