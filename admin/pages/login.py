"""Log in and out; choose language and colours."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from pydantic import BaseModel, Field
from starlette.responses import RedirectResponse, Response

from admin.desk import Desk
from admin.gate import AtDesk, Gate, Public, Who, cookie_name, is_secure
from admin.look import THEMES, local_path
from admin.rendering import show

gate = Gate()
public = APIRouter(dependencies=[Depends(Public)])
YEAR = 365 * 24 * 3600
Name = Annotated[str, Form(max_length=64)]
Password = Annotated[str, Form(max_length=1024)]


class Credentials(BaseModel):
    """Who asks for a token."""

    user: str = Field(max_length=64)
    password: str = Field(max_length=1024)


class Token(BaseModel):
    """Shown in ``Authorization: Bearer …`` from now on."""

    token: str


@public.get("/login", include_in_schema=False, response_model=None)
def login_form(request: Request, desk: AtDesk, next: str = "/") -> Response:  # noqa: A002 - the form's own word
    """Ask who it is."""
    return _form(request, desk, next, user="")


@public.post("/login", include_in_schema=False, response_model=None)
def login(
    request: Request,
    desk: AtDesk,
    user: Name,
    password: Password,
    next: Annotated[str, Form(max_length=2000)] = "/",  # noqa: A002 - the form's own word
) -> Response:
    """Begin a session with a token that was nobody's before."""
    if not _knows(desk, user, password, address_of(request)):
        return _form(request, desk, next, user=user, status=401)
    answer = RedirectResponse(local_path(next), status_code=303)
    keep_session(request, desk, answer, user)
    return answer


@public.post("/api/login")
def api_login(request: Request, desk: AtDesk, given: Credentials) -> Token:
    """Begin a session for a program."""
    address = address_of(request)
    if not _knows(desk, given.user, given.password, address):
        raise HTTPException(401)
    return Token(token=desk.sessions.begin(given.user, address))


@public.post("/look", include_in_schema=False, response_model=None)
def look(
    request: Request,
    language: Annotated[str, Form(pattern="^(ko|en)?$")] = "",
    theme: Annotated[str, Form(max_length=10)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",  # noqa: A002 - the form's own word
) -> Response:
    """Keep the language and the colours that were chosen."""
    answer = RedirectResponse(local_path(next), status_code=303)
    chosen = {"language": language, "theme": theme if theme in THEMES else ""}
    for name, value in chosen.items():
        if value:
            answer.set_cookie(
                name, value, max_age=YEAR, httponly=True, samesite="lax", secure=is_secure(request)
            )
    return answer


@public.get("/healthz", include_in_schema=False)
def healthz() -> dict[str, str]:
    """Say that the program runs."""
    return {"status": "ok"}


@public.get("/readyz", include_in_schema=False)
def readyz(desk: AtDesk) -> dict[str, str]:
    """Say that the tables of users answer."""
    desk.users.all()
    return {"status": "ok"}


@gate.form("/logout", role="viewer")
def logout(request: Request, desk: AtDesk, who: Who) -> Response:
    """End the session."""
    desk.sessions.end(who.token)
    desk.audit.note(who.user, who.address, action="logout", subject=who.user)
    answer = RedirectResponse("/login", status_code=303)
    answer.delete_cookie(cookie_name(request), secure=is_secure(request), httponly=True)
    return answer


@gate.act("/logout", role="viewer")
def api_logout(desk: AtDesk, who: Who) -> dict[str, str]:
    """End the session of a program."""
    desk.sessions.end(who.token)
    desk.audit.note(who.user, who.address, action="logout", subject=who.user)
    return {"status": "ended"}


def keep_session(request: Request, desk: Desk, answer: Response, user: str) -> None:
    """Begin a session of ``user`` in the browser that gets ``answer``; one before it ends."""
    if old := request.cookies.get(cookie_name(request)):
        desk.sessions.end(old)
    answer.set_cookie(
        cookie_name(request), desk.sessions.begin(user, address_of(request)), httponly=True,
        samesite="strict", secure=is_secure(request), path="/",
    )  # fmt: skip


def address_of(request: Request) -> str:
    """Return where the browser is."""
    return request.client.host if request.client else ""


def _form(
    request: Request, desk: Desk, next_page: str, *, user: str, status: int = 200
) -> Response:
    return show(
        request, "login", status=status, next=local_path(next_page), failed=status != 200,
        user=user, provider=desk.provider.name if desk.provider else "",
    )  # fmt: skip


def _knows(desk: Desk, name: str, password: str, address: str) -> bool:
    """Whether the name and the password are right; what was tried is noted.

    Raises:
        HTTPException: 429, too many attempts.
    """
    if wait := desk.attempts.begin(name, address):
        desk.numbers.failed_logins.labels("too_many").inc()
        raise HTTPException(429, headers={"Retry-After": str(int(wait) + 1)})
    user = desk.users.verify(name, password)
    if user is None:
        # people type passwords into the wrong field: only names that there are get noted
        known = name in {each.name for each in desk.users.all()}
        subject = name if known else "unknown"
        desk.audit.note("", address, action="login.failed", subject=subject)
        desk.numbers.failed_logins.labels("wrong").inc()
        return False
    desk.attempts.succeeded(name, address)
    desk.audit.note(user.name, address, action="login", subject=user.name)
    return True
