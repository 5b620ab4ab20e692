"""Who may call what: each route states its role here, and nothing is asked for elsewhere."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from starlette.concurrency import run_in_threadpool

from admin.desk import Desk, desk_of
from storage.office.sessions import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from storage.office.users import Role

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class LoginNeededError(Exception):
    """Nobody is logged in."""


class Needs:
    """Lets a request through if somebody of the role is logged in, and really meant it."""

    def __init__(self, role: Role) -> None:
        self.role = role

    async def __call__(self, request: Request) -> None:
        """Find the session; check its role and, for what changes anything, its token.

        Raises:
            LoginNeededError: There is no session.
            HTTPException: 403, the role is too low or the form is not one of ours.
        """
        bearer = _bearer(request)
        token = bearer or request.cookies.get(cookie_name(request), "")
        session = await run_in_threadpool(desk_of(request).sessions.find, token) if token else None
        if session is None:
            raise LoginNeededError
        request.state.session = session
        if not session.may(self.role):
            raise HTTPException(403)
        if request.method not in SAFE_METHODS and not bearer:  # no browser sends that by itself
            await _check_token(request, session)


class Public:
    """Lets everybody through; a page that is for somebody is told who is logged in."""


class Gate:
    """The routes of one page, as HTML and under ``/api``."""

    def __init__(self) -> None:
        self.pages = APIRouter(include_in_schema=False)
        self.api = APIRouter(prefix="/api")

    def page(self, path: str, *, role: Role) -> Callable[..., Any]:
        """Show something."""
        return self.pages.get(path, dependencies=[Depends(Needs(role))], response_model=None)

    def form(self, path: str, *, role: Role) -> Callable[..., Any]:
        """Change something, from a form."""
        return self.pages.post(path, dependencies=[Depends(Needs(role))], response_model=None)

    def read(self, path: str, *, role: Role) -> Callable[..., Any]:
        """Give something as JSON."""
        return self.api.get(path, dependencies=[Depends(Needs(role))])

    def act(self, path: str, *, role: Role) -> Callable[..., Any]:
        """Change something, asked for by a program."""
        return self.api.post(path, dependencies=[Depends(Needs(role))])


def cookie_name(request: Request) -> str:
    """Return the session cookie's name; with TLS one that no other host can set."""
    return "__Host-gleanery" if is_secure(request) else "gleanery"


def is_secure(request: Request) -> bool:
    """Whether people reach us over TLS."""
    address = desk_of(request).config.admin_url
    return address.startswith("https://") or request.url.scheme == "https"


def _session(request: Request) -> Session:
    session = request.state.session
    assert isinstance(session, Session)
    return session


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def _check_token(request: Request, session: Session) -> None:
    given = request.headers.get("x-csrf-token") or (await request.form()).get("csrf", "")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), session.csrf.encode()):
        raise HTTPException(403)


Who = Annotated[Session, Depends(_session)]
"""Whoever is logged in."""
AtDesk = Annotated[Desk, Depends(desk_of)]
