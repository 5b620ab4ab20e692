"""Reddit: listings, searches, posts and whole comment trees, through its API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import scrapy
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from gleanery.config import reveal
from gleanery.errors import ConfigError, ExtractionError
from items import Post, Seed
from items.visit import Visit
from platforms.reddit import query
from platforms.reddit.api import Page, RedditApi, Thing
from platforms.reddit.items import to_comment, to_post
from platforms.reddit.query import Query
from platforms.reddit.refusal import explain
from platforms.reddit.tree import Depths, Gap, read_branch, read_thread, top_parent
from spiders.base import GleanerySpider
from spiders.reddit_arguments import RedditArguments

REDIRECTS = [301, 302, 303, 307, 308]
Rules = Mapping[str, bool]
"""``over_18`` and ``comments`` of the seed; they travel with its requests."""
Parse = Callable[..., Iterator[Any]]


def reading(parse: Parse) -> Parse:
    """Hand a callback the answer's pages; all of what it yields comes out, or nothing."""

    @wraps(parse)
    def callback(self: RedditSpider, response: Response, **kwargs: Any) -> Iterator[Any]:
        try:
            outputs = list(parse(self, response, self.api.read(response.body), **kwargs))
        except (ExtractionError, KeyError) as error:
            yield from self.unreadable(response, error)
        else:
            yield from outputs

    return callback


class RedditSpider(GleanerySpider):
    """Listed posts have the seed's depth; a post's comments, and what it repeats, one more."""

    name = "reddit"
    platform = "reddit"
    revisits = "reddit"
    Arguments = RedditArguments
    arguments: RedditArguments
    custom_settings = {  # noqa: RUF012 - Scrapy declares it as an instance's
        # /api/morechildren allows one call at a time, and Reddit's headers set the pace.
        # The delay is never 0: only then does Scrapy's slot count a request before the next leaves.
        "DOWNLOAD_SLOTS": {"reddit": {"concurrency": 1, "delay": 0.001, "jitter": 0}},
        "RETRY_GIVE_UP_LOG_LEVEL": "INFO",  # `failed` says it, in one line
        "META_COPY_WARN_SKIP_KEYS": ["retry_times", "download_latency"],  # `unreadable` retries
    }

    def load_seeds(self, home: Path) -> None:
        super().load_seeds(home)
        if self.arguments.search:  # then -a subreddit= is where to search; those seeds come first
            self.seeds = self.seeds[len(self.arguments.subreddit) :]

    def check_configuration(self) -> None:
        settings = self.settings
        if not settings["REDDIT_CLIENT_ID"] or not reveal(settings["REDDIT_CLIENT_SECRET"]):
            raise ConfigError(
                "Reddit needs an app of yours (https://www.reddit.com/prefs/apps): set "
                "GLEANERY_REDDIT_CLIENT_ID and GLEANERY_REDDIT_CLIENT_SECRET. "
                "Reddit 앱의 ID와 비밀키를 설정하세요."
            )
        self.api = RedditApi.from_settings(settings)
        for seed in self.seeds:
            self.first_queries(seed)

    def first_queries(self, seed: Seed) -> list[Query]:
        """Return what to ask for ``seed``: one query, or one for each subreddit to search in.

        Raises:
            ConfigError: Its value or its options do not fit its kind.
        """
        options: RedditArguments = self.options(seed)
        scoped = seed.kind == "search" and ("subreddit" in seed.options or self.arguments.search)
        places = options.subreddit if scoped else ()
        try:
            return [
                query.first_query(seed.kind, seed.value, options.query_options(within))
                for within in places or (None,)
            ]
        except ValueError as error:
            raise ConfigError(f"seed {seed.label}: {error}") from error

    async def start_seed(self, seed: Seed) -> AsyncIterator[scrapy.Request]:
        options: RedditArguments = self.options(seed)
        rules = {"over_18": options.over_18, "comments": options.comments}
        callbacks = {
            "listing": self.parse_listing,
            "thread": self.parse_thread,
            "comment": self.parse_comment,
            "share": self.parse_share,
        }
        for asked in self.first_queries(seed):
            yield self.ask(asked, callbacks[asked.answer], rules=rules)

    async def visit(self, visits: list[Visit]) -> AsyncIterator[scrapy.Request]:
        names = [visit.key.partition(":")[2] for visit in visits]
        for start in range(0, len(names), query.PAGE_SIZE):
            part = names[start : start + query.PAGE_SIZE]
            yield self.ask(query.info(part), self.parse_info, names=part)

    async def parse_info(self, response: Response, names: list[str]) -> AsyncIterator[Any]:
        """Yield the posts that were asked for, and mark those that Reddit no longer has."""
        try:
            posts = [to_post(t.fields) for p in self.api.read(response.body) for t in p.things]
        except (ExtractionError, KeyError) as error:
            for again in self.unreadable(response, error):
                yield again
            return
        for post in posts:
            yield post
        there = {post.external_id for post in posts}
        await self.visiting.gone([f"reddit:{name}" for name in names if name not in there])

    def ask(
        self,
        asked: Query,
        callback: Callable[..., Any],
        *,
        form: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> scrapy.Request:
        """Return a request to the API; ``kwargs`` go to the callback and must be plain values."""
        share = asked.answer == "share"
        base = self.settings["REDDIT_URL" if share else "REDDIT_OAUTH_URL"]
        meta = {
            # The API's own terms rule here: oauth.reddit.com serves no robots.txt for crawlers,
            # and a share link, which a person gave us, is only asked where it leads.
            "dont_obey_robotstxt": True,
            "dont_redirect": True,  # 302 means "no such subreddit", and the token stays at home
            "handle_httpstatus_list": REDIRECTS if share else [],
        }
        return scrapy.Request(
            asked.url(base),
            callback,
            method="GET" if form is None else "POST",
            headers={} if form is None else {"Content-Type": "application/x-www-form-urlencoded"},
            body="" if form is None else urlencode(form),
            meta=meta,
            errback=self.failed,
            cb_kwargs=kwargs,
        )

    @reading
    def parse_listing(self, response: Response, pages: list[Page], rules: Rules) -> Iterator[Any]:
        """Yield a listing's items, their threads, and the next page."""
        for page in pages:
            for thing in page.things:
                yield from self.parse_listed(thing, rules)
        if pages[-1].after:
            base = self.settings["REDDIT_OAUTH_URL"]
            following = query.next_page(response.url, base, pages[-1].after)
            request = self.ask(following, self.parse_listing, rules=rules)
            yield self.follow(request, same_depth=True)

    def parse_listed(self, thing: Thing, rules: Rules) -> Iterator[Any]:
        """Yield one item of a listing, and its thread if it is a post."""
        if self.refused(thing, rules):
            return
        if thing.kind == "comment":
            yield to_comment(thing.fields, tree_depth=None)
        elif thing.kind == "post":
            post = to_post(thing.fields)
            yield post
            if rules["comments"]:
                thread = query.thread(thing.fields["id"])
                yield self.follow(
                    self.ask(thread, self.parse_thread, rules=rules, listed=True), of=post
                )
            yield from self.parse_source(post, rules)

    def parse_source(self, post: Post, rules: Rules) -> Iterator[scrapy.Request]:
        """Yield the request for the post that a cross-post repeats."""
        if post.crosspost_of:
            source = query.thread(post.crosspost_of.rpartition("_")[2])
            yield self.follow(self.ask(source, self.parse_thread, rules=rules), of=post)

    @reading
    def parse_thread(
        self, response: Response, pages: list[Page], rules: Rules, *, listed: bool = False
    ) -> Iterator[Any]:
        """Yield a post, unless a listing gave it already, and its comment tree."""
        thing, tree = read_thread(pages)
        if self.refused(thing, rules):
            self.logger.warning("Reddit: %s: over 18, kept with over_18=true", thing.fields["id"])
            return
        if not listed:
            post = to_post(thing.fields)
            yield post
            yield from self.parse_source(post, rules)
        if rules["comments"]:
            yield from self.parse_branch(tree, {}, thing)

    @reading
    def parse_continued(
        self, response: Response, pages: list[Page], above: Depths
    ) -> Iterator[Any]:
        """Yield what is behind "continue this thread"; the comment it hangs on comes again."""
        thing, tree = read_thread(pages)
        below = [reply for top in tree for reply in top.replies]
        yield from self.parse_branch(below, above, thing)

    @reading
    def parse_more(
        self, response: Response, pages: list[Page], above: Depths, post: dict[str, Any]
    ) -> Iterator[Any]:
        """Yield the comments that ``morechildren`` gave, and ask for those it left out again."""
        yield from self.parse_branch(pages[0].things, above, Thing("post", post))

    @reading
    def parse_comment(self, response: Response, pages: list[Page], rules: Rules) -> Iterator[Any]:
        """Yield a comment, and go to what is around it."""
        if not pages[0].things:
            raise ExtractionError("there is no such comment")
        for thing in pages[0].things:
            if thing.kind == "comment" and not self.refused(thing, rules):
                yield to_comment(thing.fields, tree_depth=None)
                post_id = thing.fields["link_id"].removeprefix("t3_")
                yield self.around(post_id, thing.fields["id"], rules)

    def around(self, post_id: str, comment_id: str, rules: Rules) -> scrapy.Request:
        """Return the request for a comment with what is above and below it."""
        asked = query.with_context(post_id, comment_id)
        return self.follow(self.ask(asked, self.parse_around, rules=rules), same_depth=True)

    @reading
    def parse_around(self, response: Response, pages: list[Page], rules: Rules) -> Iterator[Any]:
        """Yield a part of a tree with its post, and climb until the post is above it."""
        thing, tree = read_thread(pages)
        if self.refused(thing, rules):
            return
        yield to_post(thing.fields)
        yield from self.parse_branch(tree, {}, thing)
        if higher := top_parent(tree):
            yield self.around(thing.fields["id"], higher, rules)

    def parse_branch(self, things: list[Thing], above: Depths, post: Thing) -> Iterator[Any]:
        """Yield comments, and the requests that fill the gaps between them."""
        over_18 = bool(post.fields.get("over_18"))
        branch = read_branch(things, above, over_18=over_18)
        yield from branch.comments
        for gap in branch.gaps:
            for request in self.fill(gap, {"id": post.fields["id"], "over_18": over_18}):
                yield self.follow(request, same_depth=True)

    def fill(self, gap: Gap, post: dict[str, Any]) -> Iterator[scrapy.Request]:
        """Yield the requests for what an answer left out."""
        above = {gap.parent: gap.parent_depth}
        if not gap.children:
            asked = query.continued(post["id"], gap.parent.removeprefix("t1_"))
            yield self.ask(asked, self.parse_continued, above=above)
            return
        asked, forms = query.more_children(post["id"], gap.children)
        for form in forms:
            yield self.ask(asked, self.parse_more, form=form, above=above, post=post)

    def parse_share(self, response: Response, rules: Rules) -> Iterator[scrapy.Request]:
        """Go where a share link leads."""
        location = (response.headers.get("Location") or b"").decode("latin-1")
        try:
            asked = query.shared_post(location)
        except ValueError as error:
            self.crawler.stats.inc_value("reddit/failed/share")
            self.logger.warning("Reddit: %s given up: %s", response.url, error)
            return
        yield self.follow(self.ask(asked, self.parse_thread, rules=rules), same_depth=True)

    def refused(self, thing: Thing, rules: Rules) -> bool:
        """Return whether ``thing`` is over 18 and not wanted; count it then."""
        if rules["over_18"] or not thing.fields.get("over_18"):
            return False
        self.crawler.stats.inc_value("reddit/over_18_skipped")
        return True

    def unreadable(self, response: Response, error: Exception) -> Iterator[scrapy.Request]:
        """Ask again for an answer that cannot be read; after ``RETRY_TIMES`` say so."""
        self.crawler.stats.inc_value("reddit/unreadable")
        request = response.request
        assert request
        again = get_retry_request(request, spider=self, reason="unreadable answer")
        if again:
            yield self.follow(again, same_depth=True)
            return
        self.crawler.stats.inc_value("reddit/failed/unreadable")
        self.logger.warning("Reddit: %s given up: %s", _name(request), error)

    def failed(self, failure: Failure) -> None:
        """Say, in one line, why a request gave nothing."""
        error, request = failure.value, failure.request  # type: ignore[attr-defined]
        if isinstance(error, HttpError):
            status: object = error.response.status
            why = explain(error.response.status, error.response.body)
        elif isinstance(error, IgnoreRequest):
            return  # pruned, or held back: whoever did it has counted it
        else:
            status, why = "network", f"the connection failed ({type(error).__name__})"
        self.crawler.stats.inc_value(f"reddit/failed/{status}")
        self.logger.warning("Reddit: %s given up: %s", _name(request), why)


def _name(request: scrapy.Request) -> str:
    return urlsplit(request.url).path
