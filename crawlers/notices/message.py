"""What people are told; arguments, settings and stats of a job stay out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from gleanery.logs import redactor_of

if TYPE_CHECKING:
    from gleanery.config import Config
    from storage.jobs import Job
    from storage.jobs.notices import Notice

SAID = {
    "failed": ("failed", "실패했습니다"),
    "stalled": ("gets nowhere", "진행이 멈췄습니다"),
    "lost": ("lost its node", "노드를 잃었습니다"),
    "budget": ("reached its limit", "한도에 이르렀습니다"),
    "anomaly": ("is out of line with the runs before it", "이전 실행과 크게 다릅니다"),
}
LONGEST = 500
"""Characters of a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One notice in words."""

    id: str
    """The same whenever it is told again."""
    event: str
    job: str
    spider: str
    node: str
    at: str
    reason: str
    link: str
    """Of the admin page; empty if its address is not set."""
    en: str
    ko: str


def compose(notice: Notice, job: Job | None, config: Config) -> Message:
    """Put a notice into words."""
    english, korean = SAID[notice.event]
    redact = redactor_of(config)
    page = f"{config.admin_url.rstrip('/')}/job?name={quote(notice.job)}"
    return Message(
        id=str(notice.number),
        event=notice.event,
        job=notice.job,
        spider=job.spider if job else "",
        node=(job.node if job else None) or "",
        at=notice.at,
        reason=redact(notice.detail)[:LONGEST],
        link=page if config.admin_url else "",
        en=f"Job {notice.job} {english}.",
        ko=f"작업 {notice.job}: {korean}.",
    )
