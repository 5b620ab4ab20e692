"""``gleanery users``: who may use the admin page."""

from __future__ import annotations

import getpass
import sys
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import AsJson, print_json, print_table, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage.ledger import Ledger

users = typer.Typer(help="Who may use the admin page (관리 페이지 사용자).", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Name to log in with. / 사용자 이름.")]
FromStdin = Annotated[
    bool,
    typer.Option("--password-stdin", help="Read the password from stdin. / 표준 입력에서 읽기."),
]


@users.command()
def add(
    name: Name,
    *,
    role: Annotated[str, typer.Option(help="viewer, operator or admin. / 역할.")] = "viewer",
    password_stdin: FromStdin = False,
    as_json: AsJson = False,
) -> None:
    """Let somebody in (사용자 추가)."""
    from storage.office.users import Users

    with _ledger() as ledger, _noted(ledger, "user.add", f"{name} ({role})"):
        Users(ledger).add(name, role, _password(from_stdin=password_stdin))
    _tell(as_json, f"{name} may log in as {role} (추가했습니다)", user=name, role=role)


@users.command("list")
def list_(as_json: AsJson = False) -> None:
    """List everybody and their roles (사용자 목록)."""
    from storage.office.users import Users

    with _ledger() as ledger:
        found = Users(ledger).all()
    if as_json:
        print_json([asdict(user) for user in found])
    else:
        rows = ((user.name, user.role) for user in found)
        print_table("Users / 사용자", ("name / 이름", "role / 역할"), rows)


@users.command()
def passwd(name: Name, *, password_stdin: FromStdin = False, as_json: AsJson = False) -> None:
    """Change a password; sessions of that user end (비밀번호 변경)."""
    from storage.office.users import Users

    with _ledger() as ledger, _noted(ledger, "user.passwd", name):
        Users(ledger).set_password(name, _password(from_stdin=password_stdin))
    _tell(as_json, f"{name} has a new password (변경했습니다)", user=name)


@users.command()
def remove(name: Name, as_json: AsJson = False) -> None:
    """Let somebody in no more; sessions of that user end (사용자 삭제)."""
    from storage.office.users import Users

    with _ledger() as ledger, _noted(ledger, "user.remove", name):
        Users(ledger).remove(name)
    _tell(as_json, f"{name} is removed (삭제했습니다)", user=name)


@users.command()
def revoke(name: Name, as_json: AsJson = False) -> None:
    """Log somebody out everywhere (세션 취소)."""
    from storage.office.sessions import Sessions

    with _ledger() as ledger, _noted(ledger, "user.revoke", name):
        number = Sessions(ledger, idle_seconds=1, longest_seconds=1).revoke(name)
    _tell(as_json, f"{number} sessions ended / 끝낸 세션: {number}", user=name, revoked=number)


@contextmanager
def _ledger() -> Iterator[Ledger]:
    """Yield where users are kept.

    Raises:
        ConfigError: The packages are not installed.
    """
    from gleanery.config import load_config
    from gleanery.errors import ConfigError

    try:
        from storage.ledger import open_ledger
        from storage.office.tables import TABLES
    except ImportError as error:
        raise ConfigError(
            f"The admin page needs its packages: pip install 'gleanery[server]' ({error})"
        ) from error
    config = load_config()
    ledger = open_ledger(config.scrapy_settings().get, config.home / "admin.db", TABLES)
    try:
        yield ledger
    finally:
        ledger.close()


@contextmanager
def _noted(ledger: Ledger, action: str, subject: str) -> Iterator[None]:
    from storage.office.audit import Audit

    who = f"cli:{getpass.getuser()}"
    with Audit(ledger).change(who, "", action=action, subject=subject):
        yield


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    answer: str = typer.prompt(
        "Password (비밀번호)", hide_input=True, confirmation_prompt=True, err=True
    )
    return answer


def _tell(as_json: bool, text: str, **facts: object) -> None:
    if as_json:
        print_json(facts)
    else:
        say(text)
