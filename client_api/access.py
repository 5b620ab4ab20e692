"""Who may ask: a key's scope and its rate, before anything is read."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from client_api.keys import ApiKey, find_key, id_of, opens
from client_api.problems import ProblemError

if TYPE_CHECKING:
    from client_api.limits import RateLimits
    from client_api.reading import Reader

KNOWN_SECONDS = 5.0
"""Time that a key is remembered: as long as that it opens after it was revoked, at most."""
MOST_KNOWN = 10_000
_BEARER = HTTPBearer(auto_error=False, scheme_name="key", description="`glk_…`, of `api-keys`.")
_WHO = {"WWW-Authenticate": 'Bearer realm="gleanery"'}


class Doorkeeper:
    """Knows keys and counts their requests."""

    def __init__(self, reader: Reader, limits: RateLimits) -> None:
        self._reader, self._limits = reader, limits
        self._known: dict[str, tuple[float, ApiKey]] = {}

    async def admit(self, request: Request, shown: str, scope: str) -> ApiKey:
        """Return the key that was shown.

        Raises:
            ProblemError: 401 it opens nothing, 403 it lacks ``scope``, 429 it asked too often.
        """
        number = id_of(shown)
        key = await self._find(number) if number else None
        if key is None or not opens(key, shown):
            raise ProblemError(
                401, "No key, or none that is valid (키가 필요합니다).", headers=_WHO
            )
        request.state.key_id = key.id
        turn = await self._reader.run(lambda: self._limits.take(key))
        request.state.headers = turn.headers()
        if not turn.allowed:
            raise ProblemError(
                429, f"At most {turn.limit} requests a minute (요청이 너무 많습니다)."
            )
        if scope not in key.scopes:
            raise ProblemError(403, f"The key lacks the scope {scope} (권한이 없습니다).")
        return key

    async def _find(self, number: str) -> ApiKey | None:
        now = time.monotonic()
        if (known := self._known.get(number)) and now - known[0] < KNOWN_SECONDS:
            return known[1]
        key = await self._reader.ask(lambda store: find_key(store, number))
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        if key:
            self._known[number] = (now, key)
        else:
            self._known.pop(number, None)
        return key


async def may_export(
    request: Request,
    shown: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)] = None,
) -> ApiKey:
    """Let a key with the scope ``export`` pass."""
    door: Doorkeeper = request.app.state.door
    return await door.admit(request, shown.credentials if shown else "", "export")


async def may_read(
    request: Request,
    shown: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)] = None,
) -> ApiKey:
    """Let a key with the scope ``read`` pass."""
    door: Doorkeeper = request.app.state.door
    return await door.admit(request, shown.credentials if shown else "", "read")


async def asks_once(request: Request) -> None:
    """Refuse a parameter that is given twice: nobody could tell which one counts.

    Raises:
        ProblemError: 422 it is.
    """
    names = [name for name, _ in request.query_params.multi_items()]
    if len(names) > len(set(names)):
        raise ProblemError(422, "A parameter is given twice (매개변수가 중복되었습니다).")
