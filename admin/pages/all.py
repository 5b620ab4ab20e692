"""All pages that somebody must be logged in for."""

from admin.pages import (
    audit,
    frontier,
    item,
    items,
    job,
    jobs,
    overview,
    proposals,
    settings,
    start,
    thumbnail,
    work,
)

GATES = (
    overview.gate,
    items.gate,
    item.gate,
    thumbnail.gate,
    proposals.gate,
    jobs.gate,
    start.gate,
    job.gate,
    frontier.gate,
    work.gate,
    settings.gate,
    audit.gate,
)
