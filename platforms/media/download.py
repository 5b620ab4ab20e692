"""Fetch the videos of one item to disk."""

from __future__ import annotations

import hashlib
import logging
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gleanery.addresses import is_refused, literal_address
from gleanery.errors import MediaError, MediaRefusedError
from gleanery.urls import host_of
from media.ffmpeg import ffmpeg_program, join
from media.kind import SUFFIXES, kind_of_file
from media.probe import probe
from platforms.media.downloaded import (
    Cancelled,
    DownloadCancelledError,
    Downloaded,
    Progress,
    ignore_progress,
    never,
)
from platforms.media.guard import GuardedNetwork
from platforms.media.http_file import HttpFile
from platforms.media.plan import Source, refusal, video_source, video_sources
from platforms.media.reddit_video import MAX_BYTES, choose_streams, manifest_address
from platforms.media.robots import check_robots
from platforms.media.rules import MediaRules
from platforms.media.ytdlp import YoutubeDownload

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx2

    from gleanery.config import Config
    from items import Item

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 30.0
"""Longest wait for a connection, and for the next bytes."""
MAX_REDIRECTS = 5


def download(
    item: Item,
    config: Config,
    folder: Path,
    *,
    progress: Progress = ignore_progress,
    cancelled: Cancelled = never,
) -> list[Downloaded]:
    """Fetch an item's videos into ``folder``; blocks, for a thread.

    Called again with the same folder it goes on where it was, and fetches nothing twice. Nothing
    that a page names leads to a private address. One video that is refused does not keep the others
    back; one to be tried later does, since the next call gives them all.

    Args:
        item: A video, post or article.
        config: Limits, licence filter, proxies; see docs/media.md.
        folder: Of this item alone; made if it is missing. Parts of unfinished files stay in it.
        progress: Told bytes so far and in all, for each file, often.
        cancelled: Asked often; once true, the call ends with ``DownloadCancelledError``.

    Returns:
        At least one file.

    Raises:
        ConfigError: Downloads are off, or the extra ``media`` is not installed.
        MediaRefusedError: Never again: there is no video, or all of them are refused.
        MediaUnavailableError: Try again later (``DownloadCancelledError``: as soon as you like).
    """
    rules = MediaRules.of(config)
    sources = video_sources(item)
    if not sources:
        raise MediaRefusedError(f"{item.identity} names no video that can be downloaded")
    if reason := refusal(item, licence=rules.licence, max_seconds=rules.max_seconds):
        raise MediaRefusedError(f"{item.identity} is not downloaded: {reason}")
    folder.mkdir(parents=True, exist_ok=True)
    done: list[Downloaded] = []
    refused: list[MediaRefusedError] = []
    for source in sources:
        if cancelled():
            raise DownloadCancelledError(f"{item.identity}: stopped")
        try:
            done.append(_Fetch(source, rules, folder, progress, cancelled).run())
        except MediaRefusedError as error:
            logger.warning("Not downloaded: %s", error)
            refused.append(error)
    if not done:
        raise refused[0]
    return done


def download_address(
    url: str,
    rules: MediaRules,
    folder: Path,
    *,
    progress: Progress = ignore_progress,
    cancelled: Cancelled = never,
) -> Downloaded:
    """Fetch the one video at an address, as :func:`download`, for who has no item of it.

    Raises:
        ConfigError: The extra ``media`` is not installed.
        MediaRefusedError: Never again; also where nothing tells the licence that is asked for.
        MediaUnavailableError: Try again later.
    """
    source = video_source(url)
    if source is None:
        raise MediaRefusedError(f"{url}: it is no address of a video")
    if rules.licence == "creative_commons" and source.how != "youtube":
        raise MediaRefusedError(f"{url}: nothing marks it as Creative Commons")
    folder.mkdir(parents=True, exist_ok=True)
    return _Fetch(source, rules, folder, progress, cancelled).run()


@dataclass(slots=True)
class _Fetch:
    """One source on its way."""

    source: Source
    rules: MediaRules
    folder: Path
    progress: Progress
    cancelled: Cancelled

    def run(self) -> Downloaded:
        path = self._finished()
        if path is None:
            path = self._youtube() if self.source.how == "youtube" else self._by_http()
        kind = kind_of_file(path)
        if kind is None or not kind.startswith("video/"):
            path.unlink()
            raise MediaRefusedError(
                f"{self.source.url}: it is no video ({kind or 'unknown bytes'})"
            )
        try:
            facts = checked_facts(path, max_seconds=self.rules.max_seconds)
        except MediaRefusedError as error:
            path.unlink()
            raise MediaRefusedError(f"{self.source.url}: {error}") from error
        path = path.replace(self.folder / (_name(self.source.url) + SUFFIXES[kind]))
        return Downloaded(
            path=path, role="video", content_type=kind, source=self.source.url, facts=facts
        )

    def _finished(self) -> Path | None:
        """Return what an earlier call has fetched whole."""
        names = [_name(self.source.url) + suffix for suffix in SUFFIXES.values()]
        return next((p for name in names if (p := self.folder / name).exists()), None)

    def _youtube(self) -> Path:
        ffmpeg = ffmpeg_program()
        with GuardedNetwork(
            self.rules.allowed_addresses, upstream=self.rules.youtube_proxy
        ) as network:
            try:
                return YoutubeDownload(
                    url=self.source.url,
                    folder=self.folder,
                    rules=self.rules,
                    proxy=network.url,
                    ffmpeg=ffmpeg,
                    progress=self.progress,
                    cancelled=self.cancelled,
                ).fetch()
            except MediaError as error:
                told = _sorted_out(error, network)
                if isinstance(told, MediaRefusedError):
                    for path in self.folder.iterdir():  # yt-dlp names its parts itself
                        path.unlink()
                raise told from error

    def _by_http(self) -> Path:
        literal = literal_address(host_of(self.source.url))
        if literal and is_refused(literal, self.rules.allowed_addresses):
            raise MediaRefusedError(f"{self.source.url}: its address is not public")
        with (
            GuardedNetwork(self.rules.allowed_addresses, upstream=self.rules.web_proxy) as network,
            _client(network.url, self.rules.user_agent) as client,
        ):
            try:
                if self.source.how == "reddit":
                    return self._reddit(client)
                check_robots(client, self.source.url, self.rules.user_agent)
                return self._file(client, self.source.url)
            except MediaError as error:
                raise _sorted_out(error, network) from error

    def _reddit(self, client: httpx2.Client) -> Path:
        whole = self.folder / f"{_name(self.source.url)}.mp4"
        address = manifest_address(self.source.url)
        try:
            manifest = self._file(client, address, max_bytes=MAX_BYTES)
        except MediaRefusedError:  # a video of before the manifests
            return self._file(client, self.source.url)
        streams = choose_streams(manifest.read_bytes(), address, max_height=self.rules.max_height)
        parts = [self._file(client, url) for url in (streams.picture, streams.sound) if url]
        joined = whole.with_suffix(".joining.mp4")
        join(parts, joined)
        joined.replace(whole)
        for path in (*parts, manifest):
            path.unlink()
        return whole

    def _file(self, client: httpx2.Client, url: str, *, max_bytes: int = 0) -> Path:
        return HttpFile(
            client,
            url,
            self.folder / f"{_name(url)}.file",
            max_bytes=max_bytes or self.rules.max_bytes,
            bytes_per_second=self.rules.bytes_per_second,
            progress=self.progress,
            cancelled=self.cancelled,
        ).fetch()


def checked_facts(path: Path, *, max_seconds: float) -> dict[str, Any]:
    """Return what is in a video file, measured: pages do not tell, or say what they like.

    Raises:
        MediaRefusedError: It is broken, holds no picture, or is too long.
    """
    facts = probe(path)
    if facts.video_codec is None:
        raise MediaRefusedError("it holds no moving picture")
    if (seconds := facts.duration_seconds or 0) > max_seconds:
        raise MediaRefusedError(f"{seconds:g} s, at most {max_seconds:g} are kept")
    return facts.to_dict()


def _sorted_out(error: MediaError, network: GuardedNetwork) -> MediaError:
    """Return the error as it is, or as a refusal if an address was turned down."""
    if not network.refused:
        return error
    return MediaRefusedError(f"{error} (its address is not public)")


@contextmanager
def _client(proxy: str, user_agent: str) -> Iterator[httpx2.Client]:
    import httpx2  # noqa: PLC0415 - not for those who only look at the plan

    with httpx2.Client(
        proxy=proxy,
        headers={"User-Agent": user_agent},
        follow_redirects=True,
        max_redirects=MAX_REDIRECTS,
        limits=httpx2.Limits(max_keepalive_connections=0),  # the guard takes one request each
        timeout=TIMEOUT_SECONDS,
        trust_env=False,
    ) as client:
        yield client


def _name(url: str) -> str:
    """Return a file name for an address: the same for the same one, and harmless."""
    return hashlib.sha256(url.encode()).hexdigest()[:32]
