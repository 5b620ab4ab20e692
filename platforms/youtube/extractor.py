"""Ask yt-dlp for metadata; no media, no files, YouTube's extractors only."""

from __future__ import annotations

import logging
import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from yt_dlp.networking.exceptions import HTTPError, RequestError
from yt_dlp.utils import DownloadError, ExtractorError, GeoRestrictedError

from gleanery.errors import PlatformUnavailableError
from platforms.youtube.exchange import Send, UnavailableError
from platforms.youtube.transport import SendingYoutubeDL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

logger = logging.getLogger(__name__)

EXTRACTORS = [r"youtube(:.*)?"]
"""Names of the yt-dlp extractors allowed; not the generic one, nor any other site's."""

VIDEO_FIELDS = (
    *("id", "title", "description", "channel", "channel_id", "uploader_id", "duration"),
    *("view_count", "like_count", "comment_count", "age_limit", "categories", "tags"),
    *("live_status", "availability", "license", "timestamp", "upload_date", "release_timestamp"),
    *("thumbnail", "language"),
)
LIST_FIELDS = (
    *("id", "title", "description", "channel", "channel_id", "uploader_id"),
    "channel_follower_count",
)

REASONS = (
    ("blocked", r"not a bot|captcha|rate-limited|too many requests|429|unusual traffic"),
    ("age_restricted", r"confirm your age|age.restricted|inappropriate for some users"),
    ("private", r"private"),
    ("paid", r"members|join this channel|payment|purchase|rental|premium"),
    ("region", r"in your country|geo.?restrict|from your location"),
    ("upcoming", r"premieres? in|will begin|begin in|upcoming"),
    ("removed", r"removed|terminated|no longer available|closed their|taken down|copyright"),
    ("no_videos", r"does not have a \w+ tab"),
    ("not_found", r"unavailable|not available|not exist|not found|incomplete|unviewable"),
)
"""Stat keys by the words that YouTube and yt-dlp use; the first that fits."""


class Extractor:
    """One ``YoutubeDL``, kept: starting one costs five times a video. One thread at a time."""

    def __init__(self, send: Send, extractor_args: Mapping[str, Mapping[str, Any]]) -> None:
        self._args = {k: dict(v) for k, v in extractor_args.items()}
        options = {
            "allowed_extractors": EXTRACTORS,
            "cachedir": False,
            "check_formats": False,
            "extractor_retries": 1,  # for incomplete answers; Scrapy has tried failed ones again
            "ignore_config": True,
            "logger": _Quiet(),
            "noplaylist": True,
            "skip_download": True,
        }
        self._ydl = SendingYoutubeDL(options, send)

    def extract(self, url: str, *, results: int, comments: int) -> dict[str, Any]:
        """Return what yt-dlp says of ``url``, cut to the fields we use.

        Args:
            url: Address of a video, channel, playlist or search.
            results: Entries of a listing, at most.
            comments: Comments of a video, at most; 0 = none.

        Raises:
            UnavailableError: The platform has it not, or not for us.
            PlatformUnavailableError: The network or the platform failed, or we are asked to wait.
        """
        own = {"max_comments": [str(comments)], "comment_sort": ["top"]}
        self._ydl.params["extractor_args"] = self._args | {
            "youtube": self._args.get("youtube", {}) | own
        }
        self._ydl.params["getcomments"] = comments > 0
        try:
            info = self._resolve(url)
            if info.get("_type") in ("playlist", "multi_video"):
                return _listing(info, results)
            self._ydl.post_extract(info)
            return _video(info)
        except (DownloadError, ExtractorError, RequestError) as error:
            raise explain(error) from error

    def _resolve(self, url: str) -> dict[str, Any]:
        for _ in range(5):  # a handle or an old name leads on to the channel
            info = self._ydl.extract_info(url, download=False, process=False)
            if info is None:
                raise ExtractorError("no answer", expected=True)
            if info.get("_type") not in ("url", "url_transparent"):
                return dict(info)
            url = info["url"]
        raise ExtractorError("redirected in circles", expected=True)


def _listing(info: dict[str, Any], results: int) -> dict[str, Any]:
    videos = (e["id"] for e in _entries(info) if e.get("ie_key") == "Youtube")
    thumbnails = [t["url"] for t in info.get("thumbnails") or () if t.get("url")]
    return {
        "type": "listing",
        **{name: info.get(name) for name in LIST_FIELDS},
        "thumbnails": thumbnails,
        "videos": list(dict.fromkeys(islice(videos, results))),
    }


def _entries(info: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what a listing lists; a channel without a videos tab gives one listing a tab."""
    for entry in info.get("entries") or ():
        if entry and entry.get("_type") in ("playlist", "multi_video"):
            yield from _entries(entry)
        elif entry:
            yield entry


def _video(info: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "video",
        **{name: info.get(name) for name in VIDEO_FIELDS},
        "chapters": [
            {name: c.get(name) for name in ("title", "start_time", "end_time")}
            for c in info.get("chapters") or ()
        ],
        "subtitles": list(info.get("subtitles") or ()),
        "automatic_captions": list(info.get("automatic_captions") or ()),
        "comments": [
            {k: v for k, v in c.items() if not k.startswith("author_thumb")}
            for c in info.get("comments") or ()
        ],
    }


def explain(error: Exception) -> UnavailableError | PlatformUnavailableError:
    """Sort yt-dlp's error by what the caller should do."""
    wrapped = error.exc_info[1] if isinstance(error, DownloadError) and error.exc_info else None
    inner = wrapped or error
    message = _first_sentence(getattr(inner, "orig_msg", None) or str(inner))
    if isinstance(inner, GeoRestrictedError):
        return UnavailableError(message, "region")
    cause = getattr(inner, "cause", None)
    if isinstance(cause, HTTPError) and cause.status in (404, 410):
        return UnavailableError(message, "not_found")
    reason = next((key for key, words in REASONS if re.search(words, message, re.IGNORECASE)), None)
    if reason in (None, "blocked") or cause is not None:
        return PlatformUnavailableError(message)
    assert reason is not None
    return UnavailableError(message, reason)


def _first_sentence(message: str) -> str:
    """Leave out yt-dlp's advice to its own users."""
    text = re.sub(r"^(ERROR: )?(\[[\w:]+\] )?([\w-]{11}: )?", "", message)
    text = re.split(r"\s*(?:; please report|\(caused by|Use --cookies| ?See  ?http)", text)[0]
    return " ".join(text.split()) or "no reason given"


class _Quiet:
    """yt-dlp's own lines, at DEBUG: what matters comes back as an error."""

    def debug(self, message: str) -> None:
        logger.debug("yt-dlp: %s", message)

    info = warning = error = debug
