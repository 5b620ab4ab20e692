"""What ``benchmarks.admin`` asks each page, how long the answers take, and what they weigh."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lxml import html

from admin.pages import login
from admin.pages.all import GATES
from benchmarks.admin_items import (
    END,
    EVERY_SECONDS,
    SEEDED,
    SPOKEN,
    categories,
    root_of,
    vocabulary,
)
from benchmarks.admin_jobs import CRAWLS, NODES, RUNNING, SPIDERS, name_of, node_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx2

STREAMS = {"/job/live"}
"""Answers that do not end: measured by ``benchmarks.admin_live``."""
Question = dict[str, Any]


@dataclass
class World:
    """How much there is, and what has no name before it runs."""

    items: int
    jobs: int
    run: str = ""
    pictures: list[str] = field(default_factory=list)
    rng: random.Random = field(default_factory=lambda: random.Random(3))

    def job(self, *, live: bool = False) -> str:
        """Return the name of a job."""
        return name_of(self.rng.randrange(self.jobs - RUNNING if live else 0, self.jobs))

    def root(self, step: int = 4, most: int | None = None) -> str:
        """Return the identity of an item that is no comment; ``step`` 40: of a video."""
        return root_of(step * self.rng.randrange(min(self.items // step, most or self.items)))

    def day(self) -> str:
        """Return a day of the time that the items are from."""
        seconds = self.rng.randrange(EVERY_SECONDS * self.items)
        return (END - timedelta(seconds=seconds)).date().isoformat()


def kinds(world: World) -> dict[str, dict[str, Callable[[], Question]]]:
    """Return for each page that takes arguments the kinds of questions, by a word for each."""
    rng, word, keys = world.rng, vocabulary(), categories()
    return {
        "/items": {
            "all": dict,
            "category": lambda: {"category": rng.choice(keys)},
            "kind": lambda: {"kind": rng.choice(("post", "comment", "article", "video"))},
            "platform": lambda: {"platform": rng.choice(("reddit", "web", "youtube"))},
            "days": lambda: {"until": world.day()},
            "category, days, quality": lambda: {
                "category": rng.choice(keys), "until": world.day(), "quality": "0.5",
            },
            "best": lambda: {"quality": "0.95"},
            "review": lambda: {"review": "yes"},
            "review, category, kind": lambda: {
                "review": "yes", "category": rng.choice(keys), "kind": "video",
            },
            "nothing reviewed": lambda: {"review": "yes", "kind": "comment"},
            "a word": lambda: {"q": rng.choice(word)},
            "two words": lambda: {"q": " ".join(rng.choices(word, k=2))},
            "a word, category": lambda: {"q": rng.choice(word), "category": rng.choice(keys)},
        },
        "/item": {
            "any": lambda: {"id": world.root()},
            "37,000 comments": lambda: {"id": root_of(0)},
            "transcript": lambda: {"id": world.root(40, SPOKEN)},
        },
        "/item/alike": {"any": lambda: {"id": world.root(40)}},
        "/jobs": {
            "all": dict,
            "state": lambda: {"state": rng.choice(("finished", "failed", "running", "lost"))},
            "spider": lambda: {"spider": rng.choice(SPIDERS)},
            "node": lambda: {"node": node_of(rng.randrange(NODES))},
            "spider, node, state": lambda: {
                "spider": rng.choice(SPIDERS), "node": node_of(rng.randrange(NODES)),
                "state": rng.choice(("failed", "lost")),
            },
            "parent": lambda: {"parent": world.job()},
            "deep": lambda: {"cursor": rng.randrange(1, world.jobs)},
            "text, a name": lambda: {"text": world.job()[3:]},
            "text, an argument": lambda: {"text": f"s{rng.randrange(SEEDED)}\""},
            "text, nothing": lambda: {"text": f"nowhere {rng.random()}"},
        },
        "/job": {
            "ended": lambda: {"name": world.job()},
            "runs": lambda: {"name": world.job(live=True)},
            "runs, log by words": lambda: {
                "name": world.job(live=True), "level": "ERROR", "text": "failed",
            },
        },
        "/job/log": {"any": lambda: {"name": world.job(live=True)}},
        "/job/tail": {"runs": lambda: {"name": world.job(live=True)}},
        "/job/progress": {"runs": lambda: {"name": world.job(live=True)}},
        "/job/branches": {"runs": lambda: {"name": world.job(live=True)}},
        "/job/charts": {"runs": lambda: {"name": world.job(live=True)}},
        "/job/comparison": {"any": lambda: {"name": world.job()}},
        "/crawl": {"any": lambda: {"name": f"google-{rng.randrange(CRAWLS):012x}"}},
        "/run": {"any": lambda: {"id": world.run}},
        "/seeds/file": {"any": lambda: {"name": rng.choice(("daily", "health", "news", "trend"))}},
        "/start": {"any": lambda: {"spider": rng.choice(SPIDERS)}},
        "/proposals": {"waiting": dict, "every": lambda: {"every": "true"}},
        "/topics": {"all": dict},
        "/audit": {
            "all": dict,
            "user, action": lambda: {"user": f"user-{rng.randrange(20)}", "action": "job.start"},
            "nobody": lambda: {"user": "nobody", "action": "job.start"},
        },
    }  # fmt: skip


def routes() -> list[str]:
    """Return the paths of all pages, and of all that gives JSON; a new page is among them."""
    found = [
        route.path
        for gate in (login.gate, *GATES)
        for route in (*gate.pages.routes, *gate.api.routes)
        if "GET" in route.methods
    ]
    return [path for path in dict.fromkeys(found) if path not in STREAMS]


def timed(client: httpx2.Client, world: World, asked_times: int) -> dict[str, list[float]]:
    """Ask every page so often; return the milliseconds until each answer was whole.

    Raises:
        SystemExit: A page answers with an error: it may need arguments, in :func:`kinds`.
    """
    asked, times = kinds(world), dict[str, list[float]]()
    for path in routes():
        for kind, question in asked.get(path.removeprefix("/api"), {"": dict}).items():
            name = f"{path} ({kind})" if kind else path
            times[name] = [_ask(client, world, path, question()) for _ in range(asked_times)]
    return times


def _ask(client: httpx2.Client, world: World, path: str, question: Question) -> float:
    path = path.replace("{key}", world.rng.choice(world.pictures))
    began = time.perf_counter()
    answer = client.get(path, params=question)
    took = 1000 * (time.perf_counter() - began)
    if answer.status_code != 200:
        raise SystemExit(f"{path} {question}: {answer.status_code} {answer.text[:300]}")
    return took


def weights(client: httpx2.Client, world: World) -> dict[str, int]:
    """Return the bytes, as sent, of each page with all that it loads, however far down it is."""
    asked, sent, found = kinds(world), dict[str, int](), dict[str, int]()

    def size(url: str) -> int:
        with client.stream("GET", url) as answer:
            return sum(map(len, answer.iter_raw()))

    for path in (path for path in routes() if not path.startswith(("/api/", "/thumbnail/"))):
        for kind, question in asked.get(path, {"": dict}).items():
            answer = client.get(path, params=question())
            if not answer.headers["content-type"].startswith("text/html"):
                continue
            total = size(str(answer.url))
            for url in set(_loaded(answer.text)):
                if url not in sent:
                    sent[url] = size(url)
                total += sent[url]
            found[f"{path} ({kind})" if kind else path] = total
    return found


def _loaded(text: str) -> list[str]:
    """Return the addresses that a browser asks for by itself."""
    page = html.fromstring(text)
    found = [str(v) for v in page.xpath("//link/@href | //script/@src | //img/@src")]
    found += [str(v) for v in page.xpath("//*[@hx-trigger='load']/@hx-get")]
    return [url for url in found if not urlsplit(url).netloc]


def slow(times: list[float]) -> float:
    """Return the 95th percentile."""
    return sorted(times)[int(0.95 * (len(times) - 1))]
