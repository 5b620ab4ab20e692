"""Users: who may log in, as what, and who is logged in; as ``gleanery users`` does."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import Form, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from admin.desk import Desk
from admin.failures import RefusedError, refusing
from admin.gate import AtDesk, Gate, Who
from admin.rendering import go, show
from storage.office.sessions import Session
from storage.office.users import ROLES, SHORTEST_PASSWORD, Role

gate = Gate()
Change = Literal["role", "revoke", "remove"]
DONE: dict[Change, str] = {"role": "saved", "revoke": "revoked", "remove": "removed"}
Name = Annotated[str, Form(max_length=64)]
Asked = Annotated[str, Query(max_length=64)]


class Secret(BaseModel):
    """A user's new password."""

    name: str = Field(max_length=64)
    password: str = Field(max_length=1024)


class Newcomer(Secret):
    """Somebody to be let in."""

    role: Role = "viewer"


@gate.page("/users", role="admin")
def page(request: Request, desk: AtDesk) -> Response:
    """Show them."""
    return show(request, "users", users=looked(desk), roles=ROLES, shortest=SHORTEST_PASSWORD)


@gate.read("/users", role="admin")
def api(desk: AtDesk) -> list[dict[str, Any]]:
    """List users with their ``sessions`` under way, and when one was last ``seen_at``."""
    return looked(desk)


@gate.form("/users/add", role="admin")
def form_add(
    *, request: Request, desk: AtDesk, who: Who, name: Name,
    password: Annotated[str, Form(max_length=1024)], role: Annotated[Role, Form()],
) -> Response:  # fmt: skip
    """Let somebody in."""
    add(desk, who, Newcomer(name=name, password=password, role=role))
    return go(request, "/users?done=saved")


@gate.act("/users/add", role="admin")
def api_add(desk: AtDesk, who: Who, newcomer: Newcomer) -> dict[str, str]:
    """Let somebody in."""
    add(desk, who, newcomer)
    return {"user": newcomer.name, "role": newcomer.role}


@gate.form("/users/password", role="admin")
def form_password(
    *, request: Request, desk: AtDesk, who: Who, name: Name,
    password: Annotated[str, Form(max_length=1024)],
) -> Response:  # fmt: skip
    """Give somebody a new password."""
    set_password(desk, who, Secret(name=name, password=password))
    return go(request, "/users?done=saved")


@gate.act("/users/password", role="admin")
def api_password(desk: AtDesk, who: Who, secret: Secret) -> dict[str, str]:
    """Give somebody a new password; their sessions end."""
    set_password(desk, who, secret)
    return {"user": secret.name}


@gate.form("/users", role="admin")
def form(
    *, request: Request, desk: AtDesk, who: Who, name: Name,
    action: Annotated[Change, Form()], role: Annotated[Role, Form()] = "viewer",
) -> Response:  # fmt: skip
    """Change a role, end sessions, or let somebody in no more."""
    change_user(desk, who, name, action, role)
    return go(request, f"/users?done={DONE[action]}")


@gate.act("/users", role="admin")
def api_act(
    *, desk: AtDesk, who: Who, name: Asked, action: Change, role: Role = "viewer"
) -> dict[str, Any]:
    """Change a ``role``, ``revoke`` all sessions of somebody, or ``remove`` them."""
    return change_user(desk, who, name, action, role)


def looked(desk: Desk) -> list[dict[str, Any]]:
    """Return everybody with their sessions; a guest has no password here."""
    under_way = desk.sessions.counted()
    rows = []
    for user in desk.users.all():
        number, seen_at = under_way.get(user.name, (0, None))
        rows.append(asdict(user) | {"sessions": number, "seen_at": seen_at})
    return rows


def add(desk: Desk, who: Session, newcomer: Newcomer) -> None:
    """Let somebody in, and note it.

    Raises:
        RefusedError: The name is malformed or taken, or the password short.
    """
    with desk.change(who, "user.add", newcomer.name) as change, refusing():
        change.after = {"role": newcomer.role}
        desk.users.add(newcomer.name, newcomer.role, newcomer.password)


def set_password(desk: Desk, who: Session, secret: Secret) -> None:
    """Give somebody a new password, and note that; their sessions end.

    Raises:
        RefusedError: There is no such local user, or it is short.
    """
    with desk.change(who, "user.passwd", secret.name), refusing():
        desk.users.set_password(secret.name, secret.password)


def change_user(desk: Desk, who: Session, name: str, action: Change, role: Role) -> dict[str, Any]:
    """Do ``action`` to a user, and note it; return what it changed.

    Nobody takes a role from themselves: there is always an admin left.

    Raises:
        RefusedError: There is no such user, or it is oneself.
    """
    user = next((each for each in desk.users.all() if each.name == name), None)
    if user is None:
        raise RefusedError(f"no user {name!r} (없는 사용자입니다)")
    if name == who.user and action != "revoke":
        raise RefusedError("another admin has to do that (다른 관리자가 해야 합니다)")
    with desk.change(who, f"user.{action}", name, {"role": user.role}) as change, refusing():
        if action == "revoke":
            change.after = {"revoked": desk.sessions.revoke(name)}
        elif action == "remove":
            desk.users.remove(name)
            change.after = {"removed": name}
        else:
            desk.users.set_role(name, role)
            change.after = {"role": role}
        return {"user": name} | dict(change.after)
