"""What the admin page is shown over in tests: items as attackers write them, and a picture."""

from __future__ import annotations

import hashlib
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np

from crawlers.frontier import protocol
from crawlers.frontier.protocol import Outbox, Push
from crawlers.frontier.sqlite_queue import SqliteQueue
from items import Annotation, Comment, MediaFile, Post, Proposal, Seed, load_taxonomy
from media.store import open_media
from storage import Store, open_store
from storage.branch import Branch
from storage.jobs import Job, open_jobs
from storage.jobs.history import MOST, JobHistory
from storage.jobs.sample import DEPTHS, Sample
from storage.seeds_begun import note_begun
from storage.work import Rules, open_queue

EVIL = '"><script>alert(1)</script><img src="https://evil.example/x" onerror="alert(2)">'
NUMBER = 120
"""Posts, one an hour; every third is food, every tenth should be reviewed."""
FIRST = datetime(2026, 11, 1, tzinfo=UTC)


def fill(home: Path, store: Store | None = None) -> None:
    """Put posts, a comment, a picture, a proposal and a job into the stores of ``home``.

    Args:
        home: Where all is that is not in the store.
        store: Empty, not open; none = the file of ``home``.
    """
    store = store or open_store("sqlite", home / "gleanery.db")
    picture = cv2.imencode(".png", np.full((600, 900, 3), 90, np.uint8))[1].tobytes() + b"hidden"
    stored = open_media(home / "media").put_bytes(picture)
    file = MediaFile(
        key=stored.key, role="image", content_type="image/png", size=stored.size, source="x"
    )
    posts = [post(number) for number in range(NUMBER)]
    posts[-1].title = posts[-1].text = posts[-1].author = EVIL
    posts[-1].url = "javascript:alert(3)"
    posts[-1].media_files = [file]
    posts[-1].media = ["https://evil.example/tracker.png"]
    comment = Comment(
        platform="reddit", external_id="t1_1", url="https://r.example/c", text=EVIL, author=EVIL,
        root=posts[-1].identity, parent=posts[-1].identity,
    )  # fmt: skip
    proposal = Proposal(
        key="space", parent=None, name_ko="우주", name_en="Space", description_ko="우주 이야기",
        description_en="Stories of space", evidence=[posts[0].identity], engine="e5", version="1",
    )  # fmt: skip
    with open_queue("", home, Rules(max_attempts=1)) as queue:
        for identity in (EVIL, posts[0].identity):
            queue.put(identity, ["download"])
            (job,) = queue.lease("worker", 1)
            queue.fail(job.held, "worker", EVIL)
        queue.leave("worker")
    jobs = open_jobs({"STORE": store.name, "MYSQL_URL": store.options.mysql_url}.get, home)
    jobs.add(Job(job="evil", spider="reddit", arguments={"search": EVIL}, settings={"A": EVIL}))
    jobs.take("evil", "one")
    jobs.beat("evil", pid=1, progress=3, stats={"item_scraped_count": 3, EVIL: 1})
    jobs.close()
    log = home / "scrapyd" / "logs" / "default" / "reddit" / "evil.log"
    log.parent.mkdir(parents=True)
    log.write_text(f"2026-11-25 10:00:00 [scrapy.core] INFO: {EVIL}\n", encoding="utf-8")
    with store:
        store.save([*posts, comment])
        store.propose([proposal])
        seed = Seed(platform="reddit", kind="search", value=EVIL)
        note_begun(store, "food", [seed], FIRST, job="evil")


def post(number: int) -> Post:
    """Return the post ``number``."""
    category = "food" if number % 3 == 0 else "news_media"
    value = {"category": category, "scores": {category: 0.8, "health": 0.2}}
    return Post(
        platform="reddit", external_id=f"t3_{number}", url=f"https://r.example/{number}",
        title=f"Post {number}", text=f"오늘의 이야기 {number}", category=category,
        needs_review=number % 10 == 0, fetched_at=FIRST + timedelta(hours=number),
        classified_at=FIRST,
        annotations=[Annotation(tool="classify", engine="e5", version="1", value=value, score=0.8)],
    )  # fmt: skip


def draw_job(home: Path) -> None:
    """Add the ended job ``drawn`` with as many samples, series and branches as are ever kept."""
    jobs = open_jobs({"STORE": "sqlite"}.get, home)
    jobs.add(Job(job="drawn", spider="google"))
    jobs.take("drawn", "one")
    categories = load_taxonomy().keys
    counted = {f"classify/category/{name}": 9 for name in categories}
    stats = counted | {f"some/stat/that/is/counted/{n}": n for n in range(120)}
    jobs.beat("drawn", pid=1, progress=9, stats=stats)
    jobs.end("drawn", "finished", node="one")
    history, now = JobHistory(jobs), int(time.time())
    history.keep([
        ("drawn", Sample(
            at=now + (number - MOST) * 100, pages=number * 999, items=number * 777,
            categories=dict.fromkeys(categories, number * 12345), wanted=number,
            off_topic=number, errors={EVIL: number} | {f"kind{n}": number for n in range(9)},
            queues={"classify": number, "store": number}, model_answers=number,
            model_seconds=number * number / 99,
            depths=[(d, number, 16, number * d, 9, 1) for d in range(DEPTHS)],
        ))
        for number in range(MOST)
    ])  # fmt: skip
    history.keep_branches("drawn", [
        Branch(seed=EVIL, depth=d, host=f"{EVIL}{n}.example", pages=n * 999, off_topic=n % 2)
        for d in range(DEPTHS) for n in range(10)
    ])  # fmt: skip
    jobs.close()


async def begin_crawl(home: Path) -> None:
    """Leave the crawl ``food`` with two requests queued, one of them at an attacker's host."""
    queue = SqliteQueue(home / "frontier" / "food.db", "a", protocol.Rules())
    await queue.open()
    await queue.exchange(Outbox(pushes=[_request(1, "site"), _request(2, EVIL)]))
    await queue.close()


def _request(number: int, host: str) -> Push:
    body = json.dumps({"v": 1, "url": f"http://{host}/{number}"}).encode()
    fingerprint = hashlib.sha1(body).digest()
    return Push(fingerprint=fingerprint, depth=number - 1, host=host, body=body, path=())
