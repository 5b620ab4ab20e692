"""Reddit's own videos: picture and sound are two files, listed in a DASH manifest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree as ET

from gleanery.errors import MediaRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 500_000
"""Of a manifest."""
_MPD = "{urn:mpeg:dash:schema:mpd:2011}"


@dataclass(frozen=True, slots=True)
class Streams:
    """The two files of one video; ``sound`` is ``None`` for a silent one."""

    picture: str
    sound: str | None


@dataclass(frozen=True, slots=True)
class _Stream:
    url: str
    kind: str
    height: int
    bandwidth: int


def manifest_address(url: str) -> str:
    """Return the address of the manifest beside a video's file (``fallback_url``)."""
    parts = urlsplit(url)
    folder = parts.path.strip("/").split("/")[0]
    return f"{parts.scheme}://{parts.netloc}/{folder}/DASHPlaylist.mpd"


def choose_streams(manifest: bytes, address: str, *, max_height: int) -> Streams:
    """Return the largest picture up to ``max_height``, else the smallest, and the best sound.

    Args:
        manifest: DASH MPD (ISO/IEC 23009-1) with one file a representation, as Reddit writes it.
        address: Where it was; its files must be on the same host.
        max_height: Pixels.

    Raises:
        MediaRefusedError: It is broken, or lists no picture.
    """
    try:
        # expat bounds the growth of entities (2.4 and later), and the manifest is small
        root = ET.fromstring(manifest)  # noqa: S314
    except ET.ParseError as error:
        raise MediaRefusedError(f"{address}: a broken manifest: {error}") from error
    streams = [s for s in _streams(root, address) if _is_beside(s.url, address)]
    pictures = sorted((s for s in streams if s.kind == "video"), key=lambda s: s.height)
    if not pictures:
        raise MediaRefusedError(f"{address}: the manifest lists no picture")
    fitting = [s for s in pictures if s.height <= max_height] or pictures[:1]
    sounds = sorted((s for s in streams if s.kind == "audio"), key=lambda s: s.bandwidth)
    return Streams(fitting[-1].url, sounds[-1].url if sounds else None)


def _streams(root: ET.Element, address: str) -> Iterator[_Stream]:
    for group in root.iter(f"{_MPD}AdaptationSet"):
        for one in group.iter(f"{_MPD}Representation"):
            kind = one.get("mimeType") or group.get("mimeType") or group.get("contentType") or ""
            name = (one.findtext(f"{_MPD}BaseURL") or "").strip()
            if name:
                yield _Stream(
                    urljoin(address, name),
                    kind.partition("/")[0],
                    _number(one.get("height") or group.get("height")),
                    _number(one.get("bandwidth")),
                )


def _is_beside(url: str, address: str) -> bool:
    return urlsplit(url)[:2] == urlsplit(address)[:2]


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0
