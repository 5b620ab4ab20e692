"""All pages that somebody must be logged in for."""

from admin.pages import audit, frontier, overview, proposals, settings, work

GATES = (
    overview.gate,
    proposals.gate,
    frontier.gate,
    work.gate,
    settings.gate,
    audit.gate,
)
