"""Log in at a login service: there, and back again."""

from __future__ import annotations

import logging
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from starlette.responses import RedirectResponse, Response

from admin.desk import Desk
from admin.gate import AtDesk, Public, is_secure
from admin.look import local_path
from admin.oidc.begun import SECONDS, Begun
from admin.oidc.begun import begin as begun_login
from admin.oidc.provider import LoginRefusedError, Provider, Returned
from admin.oidc.registration import CALLBACK
from admin.oidc.visitor import role_of, wish_of
from admin.pages.login import address_of, keep_session
from admin.rendering import show

logger = logging.getLogger(__name__)
public = APIRouter(dependencies=[Depends(Public)], include_in_schema=False)
Next = Annotated[str, Query(max_length=4000)]


@public.get("/login/oidc", response_model=None)
def begin(request: Request, desk: AtDesk, next: Next = "/") -> Response:  # noqa: A002 - as in the form
    """Send the browser to the login service."""
    provider = _provider(desk)
    begun = begun_login(local_path(next))
    answer = RedirectResponse(provider.address(begun), status_code=303)
    # `lax`: the service's page sends the browser back, and `strict` cookies would stay behind
    answer.set_cookie(
        _cookie(request), begun.cookie, max_age=SECONDS, httponly=True, samesite="lax",
        secure=is_secure(request), path="/",
    )  # fmt: skip
    return answer


@public.get(CALLBACK, response_model=None)
def finish(request: Request, desk: AtDesk, returned: Annotated[Returned, Query()]) -> Response:
    """Begin a session for whom the service vouches; its code counts once, well or not."""
    provider = _provider(desk)
    address = address_of(request)
    if wait := desk.returns.begin(address, address):  # each has us ask the service
        desk.numbers.failed_logins.labels("too_many").inc()
        raise HTTPException(429, headers={"Retry-After": str(int(wait) + 1)})
    begun = Begun.read(request.cookies.get(_cookie(request), ""), returned.state)
    if begun is None:
        logger.warning("A login by OpenID Connect was not begun by this browser, or has ended")
        answer = _refuse(request, desk, "oidc", status=400)
    else:
        answer = _end(request, desk, provider, begun, returned)
    answer.delete_cookie(_cookie(request), secure=is_secure(request), httponly=True)
    return answer


def _end(
    request: Request, desk: Desk, provider: Provider, begun: Begun, returned: Returned
) -> Response:
    try:
        claims = provider.claims(begun, returned)
    except LoginRefusedError as refusal:
        logger.warning("A login by OpenID Connect was refused: %s", refusal)
        return _refuse(request, desk, "oidc", status=400)
    return _admit(request, desk, begun, claims)


def _admit(request: Request, desk: Desk, begun: Begun, claims: dict[str, Any]) -> Response:
    """Begin the session, or say that there is no role; the role is asked for at every login."""
    config, subject = desk.config, str(claims["sub"])
    role = role_of(claims, config.oidc_role_claim, config.oidc_roles)
    if role is None:
        name = desk.guests.dismiss(config.oidc_issuer, subject)
        return _refuse(request, desk, name or "oidc", status=403)
    name, before = desk.guests.admit(config.oidc_issuer, subject, wish=wish_of(claims), role=role)
    address = address_of(request)
    desk.returns.succeeded(address, address)
    with desk.audit.change(
        name, address, action="login", subject=name, before={"role": before or None}
    ) as change:
        change.after = {"role": role}
    # not a redirect: a browser that comes from another site would leave our `strict` cookie behind
    answer = show(request, "login_done", next=local_path(begun.next))
    keep_session(request, desk, answer, name)
    return answer


def _refuse(request: Request, desk: Desk, subject: str, *, status: int) -> Response:
    """Say that nobody was logged in; 403: whoever it is has no role here."""
    desk.audit.note("", address_of(request), action="login.failed", subject=subject)
    desk.numbers.failed_logins.labels("oidc").inc()
    return show(request, "login_refused", status=status, known=status == 403)


def _provider(desk: Desk) -> Provider:
    if desk.provider is None:
        raise HTTPException(404)
    return desk.provider


def _cookie(request: Request) -> str:
    return "__Host-gleanery-login" if is_secure(request) else "gleanery-login"
