"""Crawls and workers as processes, and what they leave behind."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from contextlib import contextmanager

from items import Article
from storage import open_store
from storage.work import Counts, open_queue
from tests.cli import COMMAND, ROOT, environment, gleanery
from tests.crawl import scrapy_crawl, start_crawl

VIDEOS = {"DOWNLOAD_MEDIA": "videos"}
WORK = {
    "GLEANERY_DOWNLOAD_MEDIA": "videos",
    "GLEANERY_CLASSIFY_ENABLED": "false",
    "GLEANERY_WORK_RETRY_SECONDS": "0",
    "GLEANERY_WORK_LEASE_SECONDS": "2",
}


def crawl(home, site, numbers, *, kind="page", start=False, audio="", env=None, **settings):
    """Crawl pages with a video each, to the end; with ``start`` return the process at once."""
    pages = home / "pages.txt"
    home.mkdir(parents=True, exist_ok=True)
    pages.write_text("".join(f"{site.url}/{kind}/{n}\n" for n in numbers))
    run = start_crawl if start else scrapy_crawl
    given = {"urls": pages, "max_depth": 1} | ({"audio": audio} if audio else {})
    return run("google", home, settings=VIDEOS | settings, env=env, **given)


def work(home, *arguments, **env):
    return gleanery(home, "work", *arguments, **(WORK | env))


@contextmanager
def started_worker(home, *arguments, **env):
    """``gleanery work`` as a process; killed at the end."""
    with (home / "worker.log").open("a") as log:
        process = subprocess.Popen(
            [*COMMAND, "work", *arguments],
            cwd=ROOT,
            env=environment(home, **(WORK | env)),
            stdout=log,
            stderr=log,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def stored(home):
    with open_store("sqlite", home / "gleanery.db") as store:
        return {row["identity"]: row for row in store.scan()}


def counts(home, url="") -> Counts:
    with open_queue(url, home) as queue:
        return queue.counts()


def put(home, *identities, steps=("download", "split_sound"), url=""):
    with open_queue(url, home) as queue:
        for identity in identities:
            queue.put(identity, list(steps))


def an_article(site, number, **more) -> Article:
    page = site.page(number)
    return Article(platform="web", external_id=page, url=page,
                   media=[f"{site.url}/clip/{number}.mp4"], **more)  # fmt: skip


def save(home, *items):
    with open_store("sqlite", home / "gleanery.db") as store:
        store.save(items)


def finished_steps(home) -> Counter[tuple[str, str]]:
    """How often each step of each item was done, by the log of all workers."""
    log = (home / "worker.log").read_text("utf-8")
    return Counter(re.findall(r"(\S+): (\S+) took [\d.]+ s", log))
