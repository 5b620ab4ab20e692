"""What all items share, and how they become rows."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar

from items.annotation import Annotation
from items.clock import from_iso, to_iso, utc_now
from items.media_file import MediaFile

if TYPE_CHECKING:
    from collections.abc import Callable

INSTANT: dict[str, Any] = {"serializer": to_iso}
"""Field metadata of an instant: Scrapy's feed exporters write it as ISO 8601."""

KINDS: dict[str, type[Item]] = {}
"""Item classes by ``kind``; a subclass adds itself."""


def _dicts(values: list[Annotation] | list[MediaFile]) -> list[dict[str, Any]]:
    return [value.to_dict() for value in values]


@dataclass(slots=True, kw_only=True)
class Item:
    """One collected thing, known by its identity: every store upserts on it."""

    KIND: ClassVar[str] = "item"

    platform: str
    """Where it comes from: ``reddit``, ``youtube``, or ``web`` for a page, whoever led to it."""

    external_id: str
    """The platform's own id (Reddit: fullname; YouTube: video id); of a page its canonical URL."""

    url: str
    """Address a person can open."""

    identity: str = field(init=False)
    """``platform:external_id``."""

    kind: str = field(init=False)
    """``post``, ``comment``, ``article``, ``video`` or ``author``."""

    depth: int = 0
    """Links from the seed; 0 for what the seed itself shows. The smallest one is kept."""

    seed: str = ""
    """The seed that led here, e.g. ``reddit:subreddit=news``."""

    category_wanted: str | None = None
    """Category that seed was meant for; ``None`` if all are welcome."""

    wanted: bool | None = None
    """Whether the model's category is the wanted one; ``None`` if not asked or not judged."""

    fetched_at: datetime = field(default_factory=utc_now, metadata=INSTANT)
    """When we fetched it, UTC."""

    published_at: datetime | None = field(default=None, metadata=INSTANT)
    """When the platform says it appeared, UTC."""

    deleted_at_source: datetime | None = field(default=None, metadata=INSTANT)
    """When a visit found that the platform no longer has it, UTC; see ``gleanery revisit``."""

    language: str | None = None
    """ISO 639-1 code if the source states or clearly shows it, e.g. ``ko``."""

    title: str = ""
    """Title as the source gives it; empty if it has none."""

    text: str = ""
    """Body as plain text, paragraphs parted by a newline."""

    author: str | None = None
    """Public name of whoever wrote it; ``None`` if deleted or not stated."""

    parent: str | None = None
    """Identity of the item it hangs under: what a comment answers, the page linking to a page."""

    links: list[str] = field(default_factory=list)
    """Outbound addresses in it, in order, without repeats."""

    media: list[str] = field(default_factory=list)
    """Addresses of its pictures, clips and sounds, in order, without repeats."""

    category: str | None = None
    """Key of the category the model picked (see ``items/taxonomy.yaml``)."""

    subcategory: str | None = None
    """Key of the sub-category inside it."""

    headline: str | None = None
    """Title the model server gave, at most 80 characters: the source's, else the first sentence."""

    needs_review: bool = False
    """Whether the model was too unsure for its answer to be used unseen."""

    classified_at: datetime | None = field(default=None, metadata=INSTANT)
    """When a model classified it, UTC; ``None`` while it waits (see ``gleanery reenrich``)."""

    annotations: list[Annotation] = field(default_factory=list, metadata={"serializer": _dicts})
    """Everything models said of it."""

    audio_plan: str | None = None
    """What is done with its sound (``gleanery.audio_plan``); ``None`` = as configured."""

    media_files: list[MediaFile] = field(default_factory=list, metadata={"serializer": _dicts})
    """Its files in the media store: what was downloaded, and what was made of that."""

    def __init_subclass__(cls) -> None:
        # dataclass(slots=True) makes a second class; the last one registered is the one in use.
        KINDS[cls.KIND] = cls

    def __post_init__(self) -> None:
        self.kind = self.KIND
        self.identity = f"{self.platform}:{self.external_id}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON; instants as ISO 8601; binary fields are left out."""
        cls: Any = type(self)  # whose instances have no hash, but which has one
        names, values = _reader(cls)
        row: dict[str, Any] = {}
        for name, value in zip(names, values(self), strict=True):
            if type(value) in _PLAIN:
                row[name] = value
            elif not isinstance(value, bytes):
                row[name] = _plain(value)
        return row


def item_from_dict(row: dict[str, Any]) -> Item:
    """Read what :meth:`Item.to_dict` wrote; unknown fields are left out.

    Raises:
        KeyError: ``kind`` is missing or unknown.
        TypeError: A required field is missing.
        ValueError: An instant is not ISO 8601.
    """
    cls = KINDS[row["kind"]]
    values: dict[str, Any] = {}
    for f in fields(cls):
        if not f.init or f.name not in row:
            continue
        value = row[f.name]
        instant = f.metadata.get("serializer") is to_iso
        values[f.name] = from_iso(value) if instant else value
    values["annotations"] = [Annotation.from_dict(a) for a in values.get("annotations", [])]
    values["media_files"] = [MediaFile.from_dict(m) for m in values.get("media_files", [])]
    return cls(**values)


@cache
def _reader(cls: Any) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """Return the names of a class's fields, and what reads them all at once."""
    names = tuple(f.name for f in fields(cls))
    return names, attrgetter(*names)


_PLAIN = frozenset({str, int, bool, float, type(None)})
"""Types of values that rows hold as they are; most are."""


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_iso(value)
    if isinstance(value, list):
        return [v.to_dict() if isinstance(v, (Annotation, MediaFile)) else v for v in value]
    return value
