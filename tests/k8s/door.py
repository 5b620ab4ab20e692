"""Client API and admin page as others reach them: through the proxy at the edge."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2

from k8s.lint.rendering import Json
from tests.k8s.edge import Edge
from tests.k8s.processes import Processes

API, ADMIN = "api.gleanery.example", "admin.gleanery.example"


class Door:
    """Asks all the time, and counts the answers."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = url, key
        self._client = httpx2.Client(timeout=60, trust_env=False, verify=False)
        self.answers: Counter[int | str] = Counter()
        self.answers_without_stores: Counter[int | str] = Counter()
        self._stores_away = False
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self.keep_asking)

    def start(self) -> None:
        """Begin to ask, in a thread."""
        self._thread.start()

    def rest(self) -> None:
        """Stop asking by itself."""
        self.ended.set()
        self._thread.join()

    def close(self) -> None:
        self.rest()
        self._client.close()

    def ask(self, path: str, key: str | None = None) -> httpx2.Response:
        shown = self.key if key is None else key
        headers = {"Host": API} | (bearer(shown) if shown else {})
        return self._client.get(f"{self.url}{path}", headers=headers)

    def begin(self, user: str, password: str, **wanted: Any) -> str:
        """Log in to the admin page and start a job; return its name."""
        host, given = {"Host": ADMIN}, {"user": user, "password": password}
        let_in = self._client.post(f"{self.url}/api/login", json=given, headers=host)
        headers = host | bearer(let_in.json()["token"])
        begun = self._client.post(f"{self.url}/api/jobs/start", json=wanted, headers=headers)
        assert begun.status_code == 200, begun.text
        return str(begun.json()["job"])

    def login(self) -> int:
        """Ask for a page of the admin."""
        answer = self._client.get(f"{self.url}/login", headers={"Host": ADMIN})
        return int(answer.status_code)

    def status(self, path: str, key: str | None = None) -> int:
        return int(self.ask(path, key).status_code)

    def items(self) -> list[Json]:
        """All items; the pages of a list are joined."""
        found: list[Json] = []
        page: Any = {"next": None}
        while True:
            cursor = f"&cursor={page['next']}" if page["next"] else ""
            page = self.ask(f"/v1/items?limit=100{cursor}").json()
            found += page["items"]
            if not page["next"]:
                return found

    @contextmanager
    def stores_away(self) -> Iterator[None]:
        """Count the answers to what is asked within the block by themselves."""
        self._stores_away = True
        yield
        self._stores_away = False

    def keep_asking(self) -> None:
        while not self.ended.is_set():
            for ask in (lambda: self.status("/v1/items?limit=1"), self.login):
                away = self._stores_away
                try:
                    answer: int | str = ask()
                except httpx2.HTTPError as error:
                    answer = repr(error)
                counts = self.answers_without_stores if away or self._stores_away else self.answers
                counts[answer] += 1
            time.sleep(0.2)


@contextmanager
def asking(pods: Processes, edge: Edge) -> Iterator[Door]:
    """Ask with a key of its own until the block ends."""
    words = ["gleanery", "api-keys", "create", "tests", "--json", "--per-minute", "100000"]
    made = pods.run("admin", words)
    assert made.returncode == 0, made.stderr
    door = Door(edge.url, json.loads(made.stdout)["key"])
    door.start()
    try:
        yield door
    finally:
        door.close()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def decoded(secret: Json) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
