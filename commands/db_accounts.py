"""``gleanery db accounts``: one database account for each service, with what it needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import AsJson, print_json, print_table, say

if TYPE_CHECKING:
    from storage import StoreOptions
    from storage.accounts import AccountServer


def accounts(
    *,
    service: Annotated[
        list[str] | None, typer.Option(help="Only this one; may be repeated. / 이 서비스만.")
    ] = None,
    rotate: Annotated[
        bool, typer.Option("--rotate", help="New passwords for those there are. / 비밀번호 교체.")
    ] = False,
    passwords: Annotated[
        Path | None, typer.Option(help="Set these: lines SERVICE=PASSWORD, mode 600. / 비밀번호.")
    ] = None,
    host: Annotated[
        str, typer.Option(help="MySQL: from where they may connect. / 접속 허용 호스트.")
    ] = "%",
    require_tls: Annotated[
        bool, typer.Option("--require-tls", help="MySQL: only encrypted. / 암호화 필수.")
    ] = False,
    only_print: Annotated[
        bool, typer.Option("--print", "--sql", help="Only show the statements. / 출력만.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make or renew an account per service, as an administrator (서비스별 최소 권한 계정).

    Passwords go into HOME/accounts/SERVICE.env (mode 600), nowhere else.
    """
    from gleanery.config import load_config
    from gleanery.logs import hide_secrets
    from storage import StoreOptions
    from storage.accounts import make_or_renew
    from storage.credentials import given_passwords

    config = load_config()
    hide_secrets(config)
    chosen = _chosen(service)
    options = StoreOptions.read(config.scrapy_settings().get)
    servers = _servers(config.store, options, host, require_tls=require_tls)
    if only_print:
        say("\n".join(line for s in servers for name in chosen for line in s.on_paper(name)))
        return
    given = given_passwords(passwords) if passwords else {}
    rows = []
    for server in servers:
        for name in chosen:
            file = config.home / "accounts" / f"{name}.env"
            state = make_or_renew(
                server, name, file, store=config.store, given=given.get(name, ""), rotate=rotate
            )
            rows.append((server.name, server.account(name), state, str(file)))
    titles = ("server", "account", "state", "file")
    if as_json:
        print_json([dict(zip(titles, row, strict=True)) for row in rows])
    else:
        print_table("Accounts / 계정", ("server", "=account", "state", "=file"), rows)


def _chosen(services: list[str] | None) -> list[str]:
    from gleanery.errors import ConfigError
    from storage.accounts import SERVICES

    if unknown := set(services or ()) - set(SERVICES):
        raise ConfigError(
            f"--service {', '.join(sorted(unknown))}: there are {', '.join(SERVICES)}"
        )
    return services or [*SERVICES]


def _servers(
    store: str, options: StoreOptions, host: str, *, require_tls: bool
) -> list[AccountServer]:
    from gleanery.errors import ConfigError

    servers: list[AccountServer] = []
    try:
        if "mysql" in store:
            from storage.mysql.accounts import MysqlAccounts

            servers.append(MysqlAccounts(options, host=host, require_tls=require_tls))
        if "mongodb" in store:
            from storage.mongodb.accounts import MongodbAccounts

            servers.append(MongodbAccounts(options))
    except ImportError as error:
        raise ConfigError(
            f"The drivers are missing (드라이버 없음): pip install 'gleanery[server]' ({error})"
        ) from error
    if not servers:
        raise ConfigError(f"The store {store} has no accounts (계정이 없음): set GLEANERY_STORE")
    return servers
