"""Reddit's fields as posts and comments of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from lxml import html as lxml_html
from lxml.etree import LxmlError

from items import Comment, Post
from items.clock import from_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable

SITE = "https://www.reddit.com"
"""Where people read; not a setting, since an item's address must not depend on a replay."""
PLATFORM = "reddit"
_GONE = {"[deleted]": "deleted", "[removed]": "removed"}
_PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".gifv", ".mp4", ".webm")
_MEDIA_HOSTS = ("i.redd.it", "v.redd.it", "preview.redd.it", "external-preview.redd.it")


def to_post(fields: dict[str, Any]) -> Post:
    """Return the post that Reddit describes (a ``t3``).

    Raises:
        KeyError: A field that every post has is missing.
    """
    is_self = bool(fields.get("is_self"))
    text = fields.get("selftext") or ""
    link = None if is_self else fields.get("url_overridden_by_dest") or fields.get("url")
    link = urljoin(SITE, link) if link else None
    media = _media(fields, link)
    outbound = [link] if link and link not in media and not _is_reddit_gallery(link) else []
    return Post(
        platform=PLATFORM,
        external_id=fields["name"],
        url=urljoin(SITE, fields.get("permalink") or f"/comments/{fields['id']}/"),
        title=fields.get("title") or "",
        text="" if text in _GONE else text,
        author=fields.get("author"),
        published_at=from_timestamp(fields.get("created_utc")),
        edited_at=from_timestamp(fields.get("edited") or None),
        links=_unique([*outbound, *_hrefs(fields.get("selftext_html"))]),
        media=media,
        community=fields.get("subreddit"),
        score=None if fields.get("hide_score") else fields.get("score"),
        upvote_ratio=fields.get("upvote_ratio"),
        comment_count=fields.get("num_comments"),
        flair=fields.get("link_flair_text") or None,
        link=link,
        over_18=bool(fields.get("over_18")),
        removed=_removed(fields, text),
        crosspost_of=_identity(fields.get("crosspost_parent")),
    )


def to_comment(fields: dict[str, Any], *, tree_depth: int | None, over_18: bool = False) -> Comment:
    """Return the comment that Reddit describes (a ``t1``).

    Args:
        fields: As Reddit sent them.
        tree_depth: Replies above it, from 0; ``None`` where the answer does not tell.
        over_18: Whether its post is known to be so; comments in a thread do not say.

    Raises:
        KeyError: A field that every comment has is missing.
    """
    text = fields.get("body") or ""
    return Comment(
        platform=PLATFORM,
        external_id=fields["name"],
        url=urljoin(SITE, fields.get("permalink") or _permalink(fields)),
        text="" if text in _GONE else text,
        author=fields.get("author"),
        parent=_identity(fields.get("parent_id")),
        published_at=from_timestamp(fields.get("created_utc")),
        edited_at=from_timestamp(fields.get("edited") or None),
        links=_unique(_hrefs(fields.get("body_html"))),
        media=_unique(_embedded(fields)),
        root=_identity(fields.get("link_id")),
        tree_depth=tree_depth,
        score=None if fields.get("score_hidden") else fields.get("score"),
        flair=fields.get("author_flair_text") or None,
        by_submitter=bool(fields.get("is_submitter")),
        over_18=over_18 or bool(fields.get("over_18")),
        removed=_removed(fields, text),
    )


def _permalink(fields: dict[str, Any]) -> str:
    post = fields["link_id"].removeprefix("t3_")
    return f"/r/{fields.get('subreddit')}/comments/{post}/_/{fields['id']}/"


def _identity(fullname: str | None) -> str | None:
    return f"{PLATFORM}:{fullname}" if fullname else None


def _removed(fields: dict[str, Any], text: str) -> str | None:
    by = fields.get("removed_by_category")  # "deleted", "moderator", "reddit", "copyright_takedown"
    if by:
        return "deleted" if by in ("deleted", "author") else "removed"
    # Older and foreign answers have no such field. A deleted account leaves its texts behind.
    return _GONE.get(text)


def _media(fields: dict[str, Any], link: str | None) -> list[str]:
    """Gather a post's pictures and clips: its own, or those of the post it repeats."""
    found = _own_media(fields)
    for source in fields.get("crosspost_parent_list") or []:
        found = found or _own_media(source)
    return _unique([link, *found] if link and _is_media(link) else found)


def _own_media(fields: dict[str, Any]) -> list[str]:
    holder = fields.get("secure_media") or fields.get("media") or {}
    clip = (holder.get("reddit_video") or {}).get("fallback_url")
    thumbnail = (holder.get("oembed") or {}).get("thumbnail_url")
    images = (fields.get("preview") or {}).get("images") or []
    previews = [(image.get("source") or {}).get("url") for image in images]
    return _unique([clip, thumbnail, *previews, *_embedded(fields)])


def _embedded(fields: dict[str, Any]) -> list[str]:
    """Return the files of a gallery, in its order, or those inside a text."""
    files = fields.get("media_metadata") or {}
    order = [entry.get("media_id") for entry in (fields.get("gallery_data") or {}).get("items", [])]
    sources = [(files.get(key) or {}).get("s") or {} for key in order or files]
    return _unique(s.get("u") or s.get("gif") or s.get("mp4") for s in sources)


def _is_media(url: str) -> bool:
    parts = urlsplit(url)
    return parts.hostname in _MEDIA_HOSTS or parts.path.lower().endswith(_PICTURES)


def _is_reddit_gallery(url: str) -> bool:
    return urlsplit(url).hostname == "www.reddit.com" and "/gallery/" in url


def _hrefs(html: str | None) -> list[str]:
    if not html or "href" not in html:
        return []
    try:
        tree = lxml_html.fromstring(html)
    except (LxmlError, ValueError):
        return []
    links = [(a.get("href") or "").strip() for a in tree.iter("a")]
    return [link for link in (_absolute(href) for href in links) if link.startswith("http")]


def _absolute(href: str) -> str:
    try:
        return urljoin(SITE, href)
    except ValueError:  # people write addresses such as http://[x
        return ""


def _unique(values: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(v for v in values if v))
