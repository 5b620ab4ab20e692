"""Arguments of ``scrapy crawl reddit``."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, field_validator, model_validator

from platforms.reddit.query import SEED_KINDS, Options, first_query
from spiders.base import SpiderArguments


def _words(value: object) -> object:
    """Read ``a,b`` as two values."""
    if isinstance(value, str):
        return tuple(word.strip() for word in value.split(",") if word.strip())
    return value


Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
Sort = Literal["hot", "new", "top", "rising", "controversial", "relevance", "comments"]


class RedditArguments(SpiderArguments):
    """Starting points, of which there may be several parted by commas, and how to list them."""

    SEED_KINDS: ClassVar[tuple[str, ...]] = SEED_KINDS
    ADDRESS_KINDS: ClassVar[tuple[str, ...]] = (
        "comment", "post", "multireddit", "subreddit", "user",
    )  # fmt: skip

    subreddit: Words = ()
    """Subreddits, e.g. ``news,korea``; ``all`` and ``popular`` too; ``a+b`` is one listing."""
    search: str | None = None
    """Words to search for: everywhere, or inside ``subreddit`` if that is given too."""
    post: Words = ()
    """Posts with their comments: ids, fullnames or addresses, share links (``/s/…``) too."""
    comment: Words = ()
    """Comments with what is above and below them: fullnames or addresses."""
    user: Words = ()
    """User names: what they posted and commented."""
    domain: Words = ()
    """Domains: posts that link to them, e.g. ``youtube.com``."""
    multireddit: Words = ()
    """Multireddits, ``OWNER/NAME``."""
    link: str | None = None
    """An address: the posts that link to it."""
    duplicates: Words = ()
    """Posts: other posts of the same link, and cross-posts."""
    front: bool | None = None
    """``true`` = the front page."""
    sort: Sort | None = None
    """Order; ``relevance`` and ``comments`` are for searches."""
    time: Literal["hour", "day", "week", "month", "year", "all"] = "all"
    """Span of ``sort=top``, ``sort=controversial`` and of searches."""
    listing: Literal["posts", "comments"] | None = None
    """What subreddits, multireddits and users list; default posts, of users both."""
    comments: bool = True
    """Whether the comment trees of listed posts are fetched, one level below the posts."""
    over_18: bool = False
    """Whether what is marked as not safe for work is kept."""

    @field_validator("front")
    @classmethod
    def _on_or_absent(cls, value: bool | None) -> bool | None:
        return value or None

    @model_validator(mode="after")
    def _known_places(self) -> RedditArguments:
        for kind in self.SEED_KINDS:
            given = getattr(self, kind)
            for value in given if isinstance(given, tuple) else (given,):
                if value is not None:
                    first_query(kind, str(value), Options())  # the spider checks sort, by seed
        return self

    def query_options(self, within: str | None = None) -> Options:
        """Return what shapes a listing; ``within`` is the subreddit a search keeps to."""
        return Options(
            sort=self.sort,
            time=self.time,
            listing=self.listing,
            within=within,
            over_18=self.over_18,
        )
