"""PRAW without its transport: tokens, and models out of answers that somebody else fetched.

Only this file uses private names of PRAW 8 (``Reddit._core``, ``Reddit._objector``,
``Comment._replies``, an authorizer's ``_clear_access_token``);
``tests/unit/test_reddit_api.py`` fails if they move.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

from gleanery.config import reveal
from gleanery.errors import CredentialError, ExtractionError, PlatformUnavailableError
from gleanery.foreign_json import read_foreign

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_KINDS: dict[str, Literal["post", "comment", "more"]] = {
    "Submission": "post",
    "Comment": "comment",
    "MoreComments": "more",
}
"""By PRAW's model."""


@dataclass(slots=True)
class Thing:
    """A post, a comment, or a mark that more comments are to be asked for."""

    kind: Literal["post", "comment", "more"]
    fields: dict[str, Any]
    """As Reddit sent them, but ``author`` and ``subreddit`` are names or ``None``."""
    replies: list[Thing] = field(default_factory=list)
    """Of a comment, as far as the answer had them."""


@dataclass(slots=True)
class Page:
    """One listing of an answer."""

    things: list[Thing]
    after: str | None = None
    """Fullname to go on from; ``None`` on the last page."""


class RedditApi:
    """Issues tokens and reads answers."""

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        user_agent: str,
        reddit_url: str,
        oauth_url: str,
    ) -> None:
        """Prepare PRAW; nothing is fetched.

        Args:
            client_id: Id of a Reddit app of type *script* or *web*.
            client_secret: Its secret.
            user_agent: Reddit throttles programs that do not say who they are.
            reddit_url: Where tokens are issued.
            oauth_url: Where the API answers.
        """
        import praw

        self.bases = (oauth_url.rstrip("/") + "/", reddit_url.rstrip("/") + "/")
        self._reddit = praw.Reddit(
            client_id=client_id,
            client_secret=client_secret,
            user_agent=user_agent,
            reddit_url=reddit_url.rstrip("/"),
            oauth_url=oauth_url.rstrip("/"),
            check_for_updates=False,
            check_for_async=False,
        )
        # A praw.ini on this machine may name a user; reading needs none.
        self._reddit.read_only = True
        core: Any = self._reddit._core
        self._authorizer = core.authorizer

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Build it from ``REDDIT_*`` and ``USER_AGENT``."""
        return cls(
            client_id=settings["REDDIT_CLIENT_ID"],
            client_secret=reveal(settings["REDDIT_CLIENT_SECRET"]),
            user_agent=settings["USER_AGENT"],
            reddit_url=settings["REDDIT_URL"],
            oauth_url=settings["REDDIT_OAUTH_URL"],
        )

    def owns(self, url: str) -> bool:
        """Return whether ``url`` lies under one of Reddit's two bases, so may see the token."""
        return url.startswith(self.bases)

    @property
    def token(self) -> str | None:
        """The access token at hand; ``None`` if there is none or its time is over."""
        return self._authorizer.access_token if self._authorizer.is_valid() else None

    def refresh_token(self) -> str:
        """Ask for a new token (application-only OAuth2); blocks, so call it in a thread.

        Raises:
            CredentialError: Reddit refuses the app's id or secret.
            PlatformUnavailableError: No answer, or a senseless one; try later.
        """
        from prawcore.exceptions import OAuthException, PrawcoreException, ResponseException

        try:
            self._authorizer.refresh()
        except OAuthException as error:
            raise CredentialError(f"Reddit refuses the app: {error.error}") from error
        except ResponseException as error:
            status = error.response.status_code
            if status in (400, 401, 403):
                raise CredentialError(f"Reddit refuses the app ({status})") from error
            raise PlatformUnavailableError(f"no token, Reddit answers {status}") from error
        except (PrawcoreException, KeyError, TypeError, ValueError) as error:
            raise PlatformUnavailableError(f"no token: {type(error).__name__}") from error
        return str(self._authorizer.access_token)

    def forget_token(self, token: str) -> None:
        """Take ``token`` for expired, unless a newer one has come meanwhile."""
        if self._authorizer.access_token == token:
            self._authorizer._clear_access_token()

    def read(self, body: bytes) -> list[Page]:
        """Read an answer: one listing, the two of a thread, or the things of ``morechildren``.

        Raises:
            ExtractionError: It is not JSON, cut short, an error, or none of the three.
        """
        from praw.exceptions import PRAWException

        try:
            found = self._reddit._objector.objectify(data=read_foreign(body))
            if not isinstance(found, list):
                return [_page(found)]
            if any(type(thing).__name__ in _KINDS for thing in found) or not found:
                return [Page(_things(found))]
            return [_page(listing) for listing in found]
        except json.JSONDecodeError as error:
            what = "HTML" if body.lstrip()[:1] == b"<" else "cut short or not JSON"
            raise ExtractionError(f"unreadable answer of {len(body)} bytes: {what}") from error
        except PRAWException as error:
            raise ExtractionError(f"Reddit answers with an error: {error}") from error
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise ExtractionError(f"unknown shape of answer: {type(error).__name__}") from error

    def info(self, fullnames: Sequence[str]) -> list[Thing]:
        """Return those of up to 100 things that Reddit shows; PRAW fetches and keeps the limits.

        Blocks: for programs that do nothing else meanwhile, never in a crawl.

        Raises:
            CredentialError: Reddit refuses the app's id or secret.
            PlatformUnavailableError: No answer, or too many requests.
            ExtractionError: The answer is none.
        """
        from praw.exceptions import PRAWException
        from prawcore.exceptions import OAuthException, PrawcoreException, ResponseException

        try:
            return _things(list(self._reddit.info(fullnames=fullnames)))
        except OAuthException as error:
            raise CredentialError(f"Reddit refuses the app: {error.error}") from error
        except ResponseException as error:
            status = error.response.status_code
            if status in (401, 403):
                raise CredentialError(f"Reddit refuses the app ({status})") from error
            raise PlatformUnavailableError(f"Reddit answers {status}") from error
        except PrawcoreException as error:
            raise PlatformUnavailableError(f"Reddit: {type(error).__name__}") from error
        except (PRAWException, AttributeError, KeyError, TypeError, ValueError) as error:
            what = type(error).__name__
            raise ExtractionError(f"Reddit: unknown shape of answer: {what}") from error


def _page(listing: Any) -> Page:
    return Page(_things(listing.children), vars(listing).get("after"))


def _things(models: list[Any]) -> list[Thing]:
    # Subreddits, users and ads also come in listings; they are no items of ours.
    return [_thing(model) for model in models if type(model).__name__ in _KINDS]


def _thing(model: Any) -> Thing:
    # vars(), never getattr(): PRAW fetches a missing attribute, and blocks for it.
    raw = vars(model)
    fields = {name: value for name, value in raw.items() if not name.startswith("_")}
    if author := raw.get("author"):
        fields["author"] = vars(author).get("name")
    if subreddit := raw.get("subreddit"):
        fields["subreddit"] = vars(subreddit).get("display_name")
    return Thing(_KINDS[type(model).__name__], fields, _things(raw.get("_replies") or []))
