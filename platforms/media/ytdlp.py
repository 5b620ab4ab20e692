"""YouTube's videos by yt-dlp, straight to disk, with its own network session behind our guard."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gleanery.errors import AddressRefusedError, MediaRefusedError, MediaUnavailableError
from platforms.media.downloaded import Cancelled, DownloadCancelledError, Progress

if TYPE_CHECKING:
    from platforms.media.rules import MediaRules

logger = logging.getLogger(__name__)

EXTRACTORS = [r"youtube"]
"""Single videos of YouTube's; not the generic extractor, which would roam."""
NEVER = "No suitable extractor|Requested format is not available|Postprocessing"
"""Words of yt-dlp's that no later attempt changes."""


def video_format(height: int) -> str:
    """Return yt-dlp's format expression: H.264 and AAC up to ``height``, else the best up to it.

    Only plain HTTP: streams in pieces would be fetched by ffmpeg, past our guard.
    """
    http = "[protocol^=http]"
    return (
        f"bv*[height<={height}][vcodec^=avc1]{http}+ba[ext=m4a]{http}"
        f"/b[height<={height}]{http}/bv*[height<={height}]{http}+ba{http}/bv*[height<={height}]{http}"
    )


@dataclass(slots=True)
class YoutubeDownload:
    """One video on its way to disk."""

    url: str
    folder: Path
    rules: MediaRules
    proxy: str
    """Address of the guarding proxy."""
    ffmpeg: str
    progress: Progress
    cancelled: Cancelled

    def fetch(self) -> Path:
        """Return the finished file; parts of an earlier attempt are gone on with.

        Raises:
            MediaRefusedError: Against the rules, too large, or YouTube has it not, or not for us.
            MediaUnavailableError: The network or YouTube failed, or asks us to wait.
        """
        from yt_dlp.utils import DownloadError, ExtractorError, YoutubeDLError  # noqa: PLC0415

        from platforms.media.ytdlp_session import GuardedYoutubeDL  # noqa: PLC0415 - a second
        from platforms.youtube.exchange import UnavailableError  # noqa: PLC0415
        from platforms.youtube.extractor import explain  # noqa: PLC0415

        try:
            with GuardedYoutubeDL(self._options()) as ydl:
                info = ydl.extract_info(self.url, download=True)
        except AddressRefusedError as error:
            raise MediaRefusedError(f"{self.url}: {error}") from error
        except (DownloadError, ExtractorError) as error:
            told = explain(error)
            never = isinstance(told, UnavailableError) or re.search(NEVER, str(told))
            kind = MediaRefusedError if never else MediaUnavailableError
            raise kind(f"{self.url}: {told}") from error
        except YoutubeDLError as error:
            raise MediaRefusedError(f"{self.url}: {error}") from error
        except OSError as error:
            raise MediaUnavailableError(f"{self.url}: {error}") from error
        return self._finished(info)

    def _finished(self, info: dict[str, Any] | None) -> Path:
        done = [d.get("filepath") for d in (info or {}).get("requested_downloads") or ()]
        if not done or not done[0]:
            raise MediaRefusedError(f"{self.url}: yt-dlp gave no file")
        return self.folder / Path(done[0]).name

    def _options(self) -> dict[str, Any]:
        return {
            "allowed_extractors": EXTRACTORS,
            "cachedir": False,
            "continuedl": True,
            "extractor_args": self.rules.extractor_args,
            "extractor_retries": 1,
            "ffmpeg_location": self.ffmpeg,
            "format": video_format(self.rules.max_height),
            "fragment_retries": 3,
            "ignore_config": True,
            "js_runtimes": {"deno": {"path": _deno()}},
            "logger": _Quiet(),
            "match_filter": self._match,
            "merge_output_format": "mp4",
            "nocheckcertificate": not self.rules.verify_tls,
            "noplaylist": True,
            "noprogress": True,
            "outtmpl": {"default": str(self.folder / "%(id)s.%(ext)s")},
            "postprocessor_args": {"merger+ffmpeg_i": ["-protocol_whitelist", "file"]},
            "progress_hooks": [self._watch],
            "proxy": self.proxy,
            "ratelimit": self.rules.bytes_per_second or None,
            "retries": 3,
            "socket_timeout": 30,
            "updatetime": False,
        }

    def _match(self, info: dict[str, Any], *, incomplete: bool = False) -> None:
        """Let a video pass, by what YouTube says of it.

        Raises:
            MediaRefusedError: It is against the rules.
        """
        from platforms.youtube.text import licence_key  # noqa: PLC0415

        if incomplete:
            return
        rules = self.rules
        if info.get("is_live") or info.get("live_status") in ("is_live", "is_upcoming"):
            raise MediaRefusedError(f"{self.url}: it is live")
        if (info.get("duration") or 0) > rules.max_seconds:
            raise MediaRefusedError(
                f"{self.url}: {info['duration']} s, at most {rules.max_seconds:g} are downloaded"
            )
        licence = licence_key(info.get("license"))
        if rules.licence == "creative_commons" and licence != "creative_commons":
            raise MediaRefusedError(f"{self.url}: it is not marked as Creative Commons")

    def _watch(self, status: dict[str, Any]) -> None:
        """Tell progress; called by yt-dlp a few times a second for each of its files."""
        done = int(status.get("downloaded_bytes") or 0)
        total = status.get("total_bytes") or status.get("total_bytes_estimate")
        self.progress(done, int(total) if total else None)
        if max(done, int(status.get("total_bytes") or 0)) > self.rules.max_bytes:
            raise MediaRefusedError(f"{self.url}: more than {self.rules.max_bytes:,} bytes")
        if self.cancelled():
            raise DownloadCancelledError(f"{self.url}: stopped at {done:,} bytes")


def _deno() -> str | None:
    """Return the JavaScript runtime out of its wheel; ``None`` leaves yt-dlp to look for one."""
    try:
        from deno import find_deno_bin  # noqa: PLC0415

        return str(find_deno_bin())
    except (ImportError, OSError):
        return None


class _Quiet:
    """yt-dlp's own lines, at DEBUG: what matters comes back as an error."""

    def debug(self, message: str) -> None:
        logger.debug("yt-dlp: %s", message)

    info = warning = error = debug
