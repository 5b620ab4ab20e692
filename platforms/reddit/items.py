"""Reddit's fields as posts and comments of ours."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from items import Comment, Post
from items.clock import from_timestamp
from platforms.reddit.body import absolute, is_media, read_body, unique

PLATFORM = "reddit"
_GONE = {"[deleted]": "deleted", "[removed]": "removed"}


def to_post(fields: dict[str, Any]) -> Post:
    """Return the post that Reddit describes (a ``t3``).

    Raises:
        KeyError: A field that every post has is missing.
    """
    text = fields.get("selftext") or ""
    link = _link(fields)
    body = read_body(fields.get("selftext_html"), text)
    media = unique([*_media(fields, link), *body.media])
    outbound = [link] if link and not is_media(link) and not _is_gallery(link) else []
    return Post(
        platform=PLATFORM,
        external_id=fields["name"],
        url=absolute(fields.get("permalink") or f"/comments/{fields['id']}/"),
        title=fields.get("title") or "",
        text="" if text in _GONE else body.text,
        author=fields.get("author"),
        published_at=from_timestamp(fields.get("created_utc")),
        edited_at=from_timestamp(fields.get("edited") or None),
        links=unique([*outbound, *body.links]),
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
    body = read_body(fields.get("body_html"), text)
    return Comment(
        platform=PLATFORM,
        external_id=fields["name"],
        url=absolute(fields.get("permalink") or _permalink(fields)),
        text="" if text in _GONE else body.text,
        author=fields.get("author"),
        parent=_identity(fields.get("parent_id")),
        published_at=from_timestamp(fields.get("created_utc")),
        edited_at=from_timestamp(fields.get("edited") or None),
        links=body.links,
        media=unique([*_files(fields), *body.media]),
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


def _link(fields: dict[str, Any]) -> str | None:
    if fields.get("is_self"):
        return None
    return absolute(fields.get("url_overridden_by_dest") or fields.get("url") or "") or None


def _removed(fields: dict[str, Any], text: str) -> str | None:
    by = fields.get("removed_by_category")  # "deleted", "moderator", "reddit", "copyright_takedown"
    if by:
        return "deleted" if by in ("deleted", "author") else "removed"
    return _GONE.get(text)  # comments, and posts of before 2019, say it in their text only


def _media(fields: dict[str, Any], link: str | None) -> list[str]:
    """Return a post's pictures and clips: its own, or those of the post it repeats."""
    for source in (fields, *(fields.get("crosspost_parent_list") or [])):
        if found := _own_media(source, link):
            return found
    return []


def _own_media(fields: dict[str, Any], link: str | None) -> list[str]:
    holder = fields.get("secure_media") or fields.get("media") or {}
    clip = (holder.get("reddit_video") or {}).get("fallback_url")
    if files := unique([clip, *_files(fields)]):
        return files
    if link and is_media(link):
        return [link]
    # What is left is a picture of the page that the post links to.
    images = (fields.get("preview") or {}).get("images") or []
    previews = unique((image.get("source") or {}).get("url") for image in images)
    return previews or unique([(holder.get("oembed") or {}).get("thumbnail_url")])


def _files(fields: dict[str, Any]) -> list[str]:
    """Return the files of a gallery, in its order, or those inside a text."""
    files = fields.get("media_metadata") or {}
    order = [entry.get("media_id") for entry in (fields.get("gallery_data") or {}).get("items", [])]
    sources = [(files.get(key) or {}).get("s") or {} for key in order or files]
    return unique(s.get("u") or s.get("gif") or s.get("mp4") for s in sources)


def _is_gallery(url: str) -> bool:
    return urlsplit(url).hostname == "www.reddit.com" and "/gallery/" in url
