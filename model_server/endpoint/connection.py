"""HTTP to an OpenAI-compatible endpoint: the key, retries, and one clear line when it fails."""

from __future__ import annotations

import json
import logging
import time
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx2

from gleanery.errors import EngineError, ModelToolError, ModelUnavailableError
from gleanery.logs import HIDDEN
from gleanery.retry_after import retry_after_seconds

logger = logging.getLogger(__name__)

Body = dict[str, Any]
BUSY = frozenset({408, 409, 425, 429})
"""Statuses, beside all of 5xx, after which the same request may succeed later."""
FAULT = frozenset({500, 501})
CONNECT_SECONDS = 10.0
"""Longest wait for a connection."""
FIRST_WAIT_SECONDS = 0.5
"""Wait before the second try; it doubles with each further one."""
LONGEST_WAIT_SECONDS = 30.0
"""An endpoint that asks for a longer pause counts as away: the caller has a limit of its own."""
LONGEST_ANSWER = 16 * 2**20
"""Bytes of an answer at most; 500 log-probabilities are 50 kB."""


class RefusedError(ModelToolError):
    """The endpoint refused this request: the same one will fail again."""

    def __init__(self, where: str, status: int, message: str) -> None:
        super().__init__(f"{where} refused the request ({status}): {message}")
        self.message = message
        """What the endpoint says, at most 300 characters."""


class Endpoint:
    """Sends JSON, takes JSON. Threads may share it."""

    def __init__(
        self,
        url: str,
        *,
        key: str = "",
        timeout_seconds: float = 120.0,
        retries: int = 4,
        connections: int = 8,
    ) -> None:
        """Open nothing yet.

        Args:
            url: Base address, with ``/v1``.
            key: Sent as a bearer token, to this address only.
            timeout_seconds: Longest silence during one answer.
            retries: Further tries after a failed one.
            connections: Requests in flight at most.

        Raises:
            EngineError: The key is none.
        """
        self.url = url
        """Base address; it holds neither credentials nor a query."""
        self._key = key = key.strip()
        if not (key.isascii() and key.isprintable()):  # the library's error would show it whole
            raise EngineError("the key holds characters that no HTTP header takes")
        self._retries = retries
        near = _is_near(url)
        # A redirect would take the key along, or give an answer that nobody chose; a proxy of the
        # environment leads out of this machine and its network, not into it.
        self._http = httpx2.Client(
            headers={"authorization": f"Bearer {key}"} if key else {},
            timeout=httpx2.Timeout(timeout_seconds, connect=CONNECT_SECONDS),
            limits=httpx2.Limits(max_connections=connections),
            follow_redirects=False,
            trust_env=not near,
        )
        if key and not near and not url.startswith("https:"):
            logger.warning("The key goes to %s in clear: use https", self.url)

    def get(self, path: str, *, patient: bool = True) -> Any:
        """Return the answer to GET; as for :meth:`post`."""
        return self._ask("GET", path, None, patient=patient)

    def post(self, path: str, body: Body, *, patient: bool = True) -> Any:
        """Return the parsed JSON of an answer.

        Args:
            path: ``/completions`` is taken below the base address, ``//tokenize`` beside
                ``/v1``.
            body: Sent as JSON.
            patient: Whether a fault of the server (500, 501) is asked again; when trying what it
                offers, such a fault means that it cannot. A busy server is always asked again.

        Raises:
            RefusedError: The endpoint will not answer that.
            ModelUnavailableError: It is away or busy, or what it says is no JSON.
            EngineError: It refuses the key, or sends us elsewhere.
        """
        return self._ask("POST", path, body, patient=patient)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _ask(self, method: str, path: str, body: Body | None, *, patient: bool) -> Any:
        wait = FIRST_WAIT_SECONDS
        for tries in range(1, self._retries + 2):
            try:
                return self._once(method, path, body, patient=patient)
            except _NotNowError as trouble:
                pause = max(wait, trouble.retry_after or 0.0)
                if tries > self._retries or pause > LONGEST_WAIT_SECONDS:
                    raise ModelUnavailableError(self._away(trouble, tries)) from trouble
                logger.debug("%s: %s, again in %.1f s", self.url, trouble, pause)
                time.sleep(pause)
                wait = min(2 * wait, LONGEST_WAIT_SECONDS)
        raise AssertionError("a try returns or raises")

    def _once(self, method: str, path: str, body: Body | None, *, patient: bool) -> Any:
        root = self.url.removesuffix("/v1")
        url = f"{root}{path[1:]}" if path.startswith("//") else f"{self.url}{path}"
        try:
            with self._http.stream(method, url, json=body) as answer:
                text = _read(answer)
        except httpx2.TimeoutException as error:
            raise _NotNowError("no answer in time") from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise _NotNowError(_one_line(str(error)) or type(error).__name__) from error
        self._check(answer, text, patient=patient)
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            trouble = "the answer is no JSON: is this an OpenAI-compatible API?"
            if not patient:  # some servers greet with a page, whatever they are asked
                raise RefusedError(self.url, answer.status_code, trouble) from error
            raise _NotNowError(trouble) from error

    def _check(self, answer: httpx2.Response, text: bytes, *, patient: bool) -> None:
        """Raise what the status means.

        Raises:
            EngineError: A person must act.
            RefusedError: The request is at fault.
            _NotNowError: Later, perhaps.
        """
        status = answer.status_code
        if status in (401, 403):
            raise EngineError(f"{self.url} refuses the key ({status}): set GLEANERY_OPENAI_API_KEY")
        if answer.is_redirect:
            target = urlsplit(answer.headers.get("location", "")).netloc or "another path"
            raise EngineError(
                f"{self.url} redirects to {target}, which is not followed: set its own address"
            )
        message = self._message(text)
        if status in BUSY or status > 501 or (patient and status in FAULT):
            pause = retry_after_seconds(answer.headers.get("retry-after", ""))
            raise _NotNowError(f"{status} {message}".strip(), pause)
        if status >= 400:
            raise RefusedError(self.url, status, message)

    def _message(self, text: bytes) -> str:
        """Return what an error says, wherever the server at hand puts it."""
        plain = text.decode("utf-8", "replace")
        try:
            found = json.loads(plain)
        except ValueError:
            found = plain
        for name in ("error", "message", "detail"):
            if isinstance(found, dict) and name in found:
                found = found[name]
        message = _one_line(found if isinstance(found, str) else json.dumps(found))
        return message.replace(self._key, HIDDEN) if self._key else message

    def _away(self, trouble: _NotNowError, tries: int) -> str:
        times = "once" if tries == 1 else f"{tries} times"
        text = f"{self.url} does not answer (tried {times}): {trouble}"
        if (pause := trouble.retry_after or 0) > LONGEST_WAIT_SECONDS:
            text += f"; it asks for a pause of {pause:.0f} s"
        return text


class _NotNowError(Exception):
    """The same request may succeed later."""

    def __init__(self, text: str, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.retry_after = retry_after
        """Seconds that the endpoint asks for."""


def _read(answer: httpx2.Response) -> bytes:
    """Return the body.

    Raises:
        _NotNowError: It is longer than any answer of ours can be.
    """
    parts, size = [], 0
    for part in answer.iter_bytes():
        parts.append(part)
        size += len(part)
        if size > LONGEST_ANSWER:
            raise _NotNowError(f"the answer is longer than {LONGEST_ANSWER >> 20} MiB")
    return b"".join(parts)


def _one_line(text: str) -> str:
    first = text.strip().partition("\n\n")[0]  # some servers send their traceback along
    return " ".join("".join(c if c.isprintable() else " " for c in first).split())[:300]


def _is_near(url: str) -> bool:
    """Whether an address is of this machine or its network."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host  # localhost, or a service's name inside a cluster
