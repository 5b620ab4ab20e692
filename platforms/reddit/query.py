"""What to ask Reddit for a seed, and how to go on from an answer."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from platforms.reddit.body import SITE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PAGE_SIZE = 100
"""Things on one page of a listing: the most Reddit gives."""
MORE_SIZE = 100
"""Children named in one ``morechildren`` call."""
THREAD = {"limit": "2048", "sort": "confidence"}
"""What PRAW asks a thread with; Reddit cuts the limit to its own."""

Answer = Literal["listing", "thread", "comment", "share"]
LISTING_SORTS = ("hot", "new", "top", "rising", "controversial")
USER_SORTS = ("new", "hot", "top", "controversial")
SEARCH_SORTS = ("relevance", "hot", "top", "new", "comments")

_HOST = re.compile(r"([a-z]+\.)?(reddit\.com|redd\.it)")
_ID = re.compile(r"[0-9a-z]{1,13}")
_SUBREDDIT = re.compile(r"\w{2,24}(\+\w{2,24})*", re.ASCII)
_USER = re.compile(r"[\w-]{2,24}", re.ASCII)
_MULTIREDDIT = re.compile(r"(?:/?u(?:ser)?/)?([\w-]{2,24})/(?:m/)?(\w{1,50})/?", re.ASCII)
_DOMAIN = re.compile(r"[\w-]+(\.[\w-]+)+")
_SHARE = re.compile(r"/(?:r|u|user)/[\w-]+/s/\w+/?", re.ASCII)
_COMMENT = re.compile(r"/comments/[0-9a-z]+/[^/]*/([0-9a-z]+)")


@dataclass(slots=True, kw_only=True, frozen=True)
class Query:
    """One request to the API."""

    path: str
    params: dict[str, str] = field(default_factory=dict)
    answer: Answer = "listing"
    """Shape of what comes back; a ``share`` link answers with a redirect."""

    def url(self, base: str) -> str:
        """Return the whole address; ``raw_json`` keeps ``&``, ``<`` and ``>`` as they are."""
        return f"{base.rstrip('/')}{self.path}?{urlencode({**self.params, 'raw_json': '1'})}"


@dataclass(slots=True, kw_only=True, frozen=True)
class Options:
    """How a listing or a search is to be asked."""

    sort: str | None = None
    """``None`` = what Reddit shows first: hot, a user's new, a search's relevance."""
    time: str = "all"
    """Span of ``top`` and ``controversial`` and of a search."""
    listing: Literal["posts", "comments"] | None = None
    """``None`` = posts; of a user both, mixed."""
    within: str | None = None
    """Subreddit a search keeps to."""
    over_18: bool = False


def first_query(kind: str, value: str, options: Options) -> Query:
    """Return the query that a seed begins with.

    Raises:
        ValueError: ``value`` or ``sort`` does not fit ``kind``; the message says what would.
    """
    return _FIRST[kind](value.strip(), options)


def info(fullnames: Sequence[str]) -> Query:
    """Return the query for up to ``PAGE_SIZE`` posts by their fullnames; lost ones are left out."""
    return Query(path="/api/info", params={"id": ",".join(fullnames)})


def next_page(url: str, base: str, after: str) -> Query:
    """Return the query for the page that follows the one at ``url``, under ``base``."""
    parts = urlsplit(url.removeprefix(base.rstrip("/")))
    return Query(path=parts.path, params={**dict(parse_qsl(parts.query)), "after": after})


def thread(post_id: str) -> Query:
    """Return the query for a post and its comments."""
    return Query(path=f"/comments/{post_id}/", params=THREAD, answer="thread")


def continued(post_id: str, comment_id: str) -> Query:
    """Return the query behind "continue this thread": one comment and what is below it."""
    return Query(path=f"/comments/{post_id}/_/{comment_id}", params=THREAD, answer="thread")


def with_context(post_id: str, comment_id: str) -> Query:
    """Return the query for a comment, what is below it, and up to 8 above it."""
    return Query(
        path=f"/comments/{post_id}/_/{comment_id}", params={"context": "100"}, answer="thread"
    )


def more_children(post_id: str, children: Sequence[str]) -> tuple[Query, list[dict[str, str]]]:
    """Return the query and the form of each call that gets ``children``, 100 at a time."""
    forms = [
        {
            "api_type": "json",
            "children": ",".join(children[start : start + MORE_SIZE]),
            "link_id": f"t3_{post_id}",
            "sort": THREAD["sort"],
        }
        for start in range(0, len(children), MORE_SIZE)
    ]
    return Query(path="/api/morechildren/"), forms


def post_query(reference: str) -> Query:
    """Return the query for a post named by id, fullname or any of its addresses.

    Raises:
        ValueError: It names no post.
    """
    parts = urlsplit(reference)
    ours = _HOST.fullmatch(parts.hostname or "") is not None
    if ours and _SHARE.fullmatch(parts.path):
        return Query(path=parts.path, answer="share")
    post_id = _id_of(reference) if ours else reference
    post_id = post_id.removeprefix("t3_").lower()
    if not _ID.fullmatch(post_id):
        raise ValueError(
            f"no post in {reference!r}; give an id (3hahrw), a fullname (t3_3hahrw) or an address"
        )
    return thread(post_id)


def _is_foreign(value: str) -> bool:
    return "://" in value and not _HOST.fullmatch(urlsplit(value).hostname or "")


def _id_of(url: str) -> str:
    from praw.exceptions import InvalidURL
    from praw.models import Submission

    parts = urlsplit(url)
    if "redd.it" not in parts.netloc and not re.search(r"/(comments|gallery)/", parts.path):
        return ""  # PRAW would take the last word of any page for an id
    try:
        return Submission.id_from_url(url)
    except InvalidURL:
        return ""


def shared_post(location: str) -> Query:
    """Return the query for the post that a share link leads to.

    Raises:
        ValueError: ``location`` is none of a post.
    """
    found = post_query(urljoin(SITE, location))
    if found.answer != "thread":
        raise ValueError("a share link that leads to another one")
    return found


def _page_of(path: str, **params: str) -> Query:
    return Query(path=path, params={**params, "limit": str(PAGE_SIZE)})


def _sorted(prefix: str, options: Options) -> Query:
    if options.listing == "comments":
        return _page_of(f"{prefix}/comments/")
    sort = _sort(options, LISTING_SORTS, "a listing of posts")
    return _page_of(f"{prefix}/{sort}", **_span(sort, options))


def _sort(options: Options, known: Sequence[str], what: str) -> str:
    sort = options.sort or known[0]
    if sort not in known:
        raise ValueError(f"{what} has no sort={sort}; it has {', '.join(known)}")
    return sort


def _span(sort: str, options: Options) -> dict[str, str]:
    return {"t": options.time} if sort in ("top", "controversial") else {}


def _subreddit(value: str, options: Options) -> Query:
    return _sorted(f"/r/{subreddit_name(value)}", options)


def _path_of(value: str) -> str:
    """Return the path of an address of Reddit's; anything else stays as it is."""
    value = value.strip()
    return urlsplit(value).path if "://" in value and not _is_foreign(value) else value


def subreddit_name(value: str) -> str:
    """Return the name without ``r/``; several may be joined by ``+``.

    Raises:
        ValueError: It is no name of a subreddit.
    """
    name = _path_of(value).strip("/").removeprefix("r/")
    if not _SUBREDDIT.fullmatch(name):
        raise ValueError(f"{value!r} is no subreddit; give a name such as news or news+worldnews")
    return name


def _user(value: str, options: Options) -> Query:
    name = _path_of(value).strip("/").removeprefix("user/").removeprefix("u/")
    if not _USER.fullmatch(name):
        raise ValueError(f"{value!r} is no user name")
    where = {None: "overview", "posts": "submitted", "comments": "comments"}[options.listing]
    sort = _sort(options, USER_SORTS, "a user's page")
    return _page_of(f"/user/{name}/{where}", sort=sort, **_span(sort, options))


def _front(_: str, options: Options) -> Query:
    if options.listing == "comments":
        raise ValueError("the front page lists posts only")
    return _sorted("", options)


def _domain(value: str, options: Options) -> Query:
    if not _DOMAIN.fullmatch(value):
        raise ValueError(f"{value!r} is no domain; give one such as youtube.com")
    if options.listing == "comments":
        raise ValueError("a domain lists posts only")
    return _sorted(f"/domain/{value}", options)


def _multireddit(value: str, options: Options) -> Query:
    found = _MULTIREDDIT.fullmatch(urlsplit(value).path if "://" in value else value)
    if not found or _is_foreign(value):
        raise ValueError(f"{value!r} is no multireddit; give OWNER/NAME")
    return _sorted(f"/user/{found[1]}/m/{found[2]}", options)


def _search(value: str, options: Options) -> Query:
    if not value:
        raise ValueError("a search needs words")
    sort = _sort(options, SEARCH_SORTS, "a search")
    params = {"q": value, "sort": sort, "t": options.time}
    if options.over_18:
        params["include_over_18"] = "on"
    if not options.within:
        return _page_of("/search/", **params)
    return _page_of(f"/r/{subreddit_name(options.within)}/search/", restrict_sr="on", **params)


def _post(value: str, _: Options) -> Query:
    return post_query(value)


def _duplicates(value: str, _: Options) -> Query:
    found = post_query(value)
    if found.answer != "thread":
        raise ValueError("give the post's own address, not a share link")
    return _page_of(found.path.replace("/comments/", "/duplicates/", 1))


def _comment(value: str, _: Options) -> Query:
    found = _COMMENT.search(value)
    comment_id = (found[1] if found else value).removeprefix("t1_").lower()
    if not _ID.fullmatch(comment_id) or _is_foreign(value):
        raise ValueError(f"no comment in {value!r}; give a fullname (t1_dkk4qjd) or an address")
    return Query(path="/api/info/", params={"id": f"t1_{comment_id}"}, answer="comment")


def _link(value: str, _: Options) -> Query:
    if not value:
        raise ValueError("give the address that posts link to")
    return Query(path="/api/info/", params={"url": value})


_FIRST: dict[str, Callable[[str, Options], Query]] = {
    "subreddit": _subreddit,
    "front": _front,
    "domain": _domain,
    "multireddit": _multireddit,
    "user": _user,
    "search": _search,
    "post": _post,
    "duplicates": _duplicates,
    "comment": _comment,
    "link": _link,
}
SEED_KINDS: tuple[str, ...] = tuple(_FIRST)
"""What a crawl of Reddit can begin with."""
