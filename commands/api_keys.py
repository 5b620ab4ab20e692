"""``gleanery api-keys``: keys of the client API."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import AsJson, print_json, print_table, say

if TYPE_CHECKING:
    from storage import Store

api_keys = typer.Typer(
    help="Make and revoke keys of the client API (API 키 관리).", no_args_is_help=True
)


@api_keys.command()
def create(
    name: Annotated[str, typer.Argument(help="Whose it is; shown in lists.")],
    scope: Annotated[list[str] | None, typer.Option(help="read (default), export.")] = None,
    per_minute: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Requests a minute at most.")
    ] = 600,
    days: Annotated[
        float, typer.Option(min=0, max=36_500, help="Days until it ends; 0 = never. / 유효 기간.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Make a key and show it: now, and never again (키 생성, 한 번만 표시)."""
    from client_api.keys import create_key

    with _store() as store:
        key, shown = create_key(
            store, name=name, scopes=scope or ["read"], per_minute=per_minute, days=days
        )
    if as_json:
        about = {"scopes": key.scopes, "per_minute": per_minute, "expires_at": key.expires_at}
        print_json({"id": key.id, "key": shown, **about})
        return
    say(shown)
    say("Keep it: it is shown this once (지금만 표시됩니다).", stderr=True)


@api_keys.command("list")
def list_(as_json: AsJson = False) -> None:
    """List keys, without what is secret of them (키 목록)."""
    from client_api.keys import list_keys

    with _store() as store:
        keys = list_keys(store)
    if as_json:
        print_json([{k: v for k, v in asdict(key).items() if k != "digest"} for key in keys])
        return
    print_table(
        "API keys / API 키",
        ("=id", "name", "scopes", "#per minute", "created", "ends", "revoked"),
        [
            (
                *(k.id, k.name, ",".join(k.scopes), k.per_minute, k.created_at),
                *(k.expires_at or "", k.revoked_at or ""),
            )
            for k in keys
        ],
    )


@api_keys.command()
def revoke(
    number: Annotated[str, typer.Argument(metavar="ID", help="As `api-keys list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Let a key open nothing any more; takes effect within seconds (키 폐기)."""
    from client_api.keys import revoke_key
    from gleanery.errors import StoreError

    with _store() as store:
        if not revoke_key(store, number):
            raise StoreError(f"No key {number!r} (그런 키가 없습니다).")
    if as_json:
        print_json({"id": number, "revoked": True})
    else:
        say(f"{number} revoked (폐기됨)")


def _store() -> Store:
    """Return the store that is set, not yet opened; keys may come before the first item."""
    from gleanery.config import load_config
    from gleanery.logs import hide_secrets
    from storage import configured_store

    config = load_config()
    hide_secrets(config)
    return configured_store(config.scrapy_settings().get)
