"""The work queue in Redis, Valkey or Redis Cluster: each call is one script.

Keys share a hash tag (``gleanery:{work}:…``); ``scripts/prelude.lua`` says what they hold.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError, ResponseError
from redis.retry import Retry

from gleanery.errors import StoreError, StoreUnavailableError
from storage.redis_address import open_redis
from storage.work.job import MOST_HISTORY, Counts, check_steps, job_of, lines, one_line
from storage.work.queue import WorkQueue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from redis import Redis

    from storage.work.job import Failed, Held, Job, Put, Rules

PREFIX = "gleanery:{work}:"
TIMEOUT_SECONDS = 10.0
"""Longest wait for Redis; every script takes well below a millisecond for each job it touches."""
PASSING = ("LOADING", "READONLY", "MISCONF", "OOM", "CLUSTERDOWN", "TRYAGAIN", "MASTERDOWN")
"""Refusals that end by themselves, or once a person has made room."""
_FOLDER = Path(__file__).with_name("scripts")
_SCRIPTS = ("put", "lease", "settle", "again", "look", "remove")


def _source(name: str) -> str:
    return "\n".join(
        (_FOLDER / f"{part}.lua").read_text(encoding="utf-8") for part in ("prelude", name)
    )


class RedisWorkQueue(WorkQueue):
    """One queue for all workers that know the same Redis."""

    def __init__(self, url: str, rules: Rules | None = None, *, prefix: str = PREFIX) -> None:
        super().__init__(rules)
        self.url, self.prefix = url, prefix
        self._redis: Redis | None = None
        self._scripts: dict[str, Any] = {}

    def open(self) -> None:
        with _naming_faults():
            # Each of our calls may be repeated, but by its caller, who knows for how long.
            self._redis = open_redis(
                self.url,
                socket_timeout=TIMEOUT_SECONDS,
                socket_connect_timeout=TIMEOUT_SECONDS,
                retry=Retry(NoBackoff(), 1),
            )
            self._redis.ping()
            self._scripts = {name: self._redis.register_script(_source(name)) for name in _SCRIPTS}

    def close(self) -> None:
        if self._redis is not None:
            self._redis.close()
        self._redis = None

    def put(
        self,
        identity: str,
        steps: list[str],
        payload: Mapping[str, Any] | None = None,
        *,
        limit: int = 0,
    ) -> Put:
        check_steps(steps)
        body = json.dumps(payload or {}, ensure_ascii=False)
        answer = self._run("put", identity, body, limit, *steps)
        return cast("Put", answer.decode())

    def lease(self, worker: str, want: int = 0, held: Iterable[Held] = ()) -> list[Job]:
        known = [part for h in held for part in (h.identity, h.lease)]
        rules = (self.rules.lease_ms, self.rules.max_deaths, MOST_HISTORY)
        # a negative number would mean "all" to ZRANGEBYSCORE
        return [_job(row) for row in self._run("lease", worker, *rules, max(0, want), *known)]

    def finish(self, held: Held, step: str) -> list[str] | None:
        state, left = self._run("settle", "finish", held.identity, held.lease, step)
        return lines(left.decode()) if state in (b"leased", b"done") else None

    def fail(self, held: Held, worker: str, reason: str, *, delay: float = 0) -> Failed:
        told = (worker, one_line(reason), int(delay * 1000), self.rules.max_attempts, MOST_HISTORY)
        state, _ = self._run("settle", "fail", held.identity, held.lease, *told)
        return cast("Failed", state.decode() if state in (b"queued", b"parked") else "late")

    def release(self, held: Held, delay: float = 0) -> bool:
        told = ("release", held.identity, held.lease, int(delay * 1000))
        return bool(self._run("settle", *told)[0] != b"late")

    def leave(self, worker: str) -> None:
        self._run("again", "leave", worker)

    def parked(self, limit: int = 100) -> list[Job]:
        return [_job(row) for row in self._run("look", "parked", limit)]

    def requeue(self, identities: Sequence[str] | Literal["all"]) -> int:
        if identities == "all":
            return int(self._run("again", "requeue"))
        return int(self._run("again", "requeue", *identities)) if identities else 0

    def remove(self, identities: Sequence[str]) -> list[str]:
        return self._those("remove", identities)

    def known(self, identities: Sequence[str]) -> list[str]:
        return self._those("look", identities)

    def _those(self, what: str, identities: Sequence[str]) -> list[str]:
        found = self._run("remove", what, *dict.fromkeys(identities)) if identities else []
        return [identity.decode() for identity in found]

    def counts(self) -> Counts:
        numbers = self._run("look", "counts", self.rules.lease_ms)
        names = ("queued", "delayed", "leased", "parked", "done", "workers")
        return Counts(**dict(zip(names, numbers, strict=True)))

    def _run(self, script: str, *arguments: str | float) -> Any:
        with _naming_faults():
            if self._redis is None:
                raise StoreUnavailableError("the work queue is not open")
            return self._scripts[script](keys=[self.prefix], args=list(arguments))


def _job(row: list[Any]) -> Job:
    identity, left, finished, payload, lease, failures, history = (
        part.decode() if isinstance(part, bytes) else part for part in row
    )
    return job_of(
        identity=identity,
        left=left,
        finished=finished,
        payload=payload,
        lease=int(lease or 0),
        failures=int(failures or 0),
        history=history,
    )


@contextmanager
def _naming_faults() -> Iterator[None]:
    """Turn Redis' errors into ours: what waiting heals is told from what it does not."""
    try:
        yield
    except ResponseError as error:
        if isinstance(error, NoScriptError) or str(error).startswith(PASSING):
            raise StoreUnavailableError(f"Redis cannot do it now: {error}") from error
        raise StoreError(f"Redis refused: {error}") from error
    except (RedisError, OSError) as error:
        raise StoreUnavailableError(f"Redis does not answer: {error}") from error
    except ValueError as error:
        raise StoreError(f"no address of a Redis: {error}") from error
