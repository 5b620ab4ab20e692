"""Settings of scrapyd, of jobs, and of `gleanery serve`."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from gleanery.fields.base import Fields, Words, split


class ScrapydFields(Fields):
    """Settings of scrapyd and of jobs."""

    scrapyd_host: str = "127.0.0.1"
    """Address that scrapyd listens on; any but loopback needs a name and a password."""
    scrapyd_port: int = Field(6800, ge=1, le=65535)
    """Port of scrapyd."""
    scrapyd_username: str = ""
    """Name that scrapyd asks for."""
    scrapyd_password: SecretStr = SecretStr("")
    """Password that scrapyd asks for."""
    scrapyd_node: str = Field("", max_length=191)
    """Name of this node; empty = the host's. No two nodes may have the same."""
    scrapyd_node_url: str = Field("", pattern=r"^(https?://[^/?#@\s]+/?)?$")
    """Where logs on other machines are read: a node's scrapyd, with {node} for its name, e.g.
    http://{node}.crawl:6800; empty = only this machine's logs are shown."""
    scrapyd_slots: int = Field(0, ge=0)
    """Jobs that a node runs at once; 0 = four for each processor."""
    scrapyd_drain_seconds: float = Field(60.0, ge=0)
    """Time for crawls to end in good order when a node is stopped; then they are killed."""
    scrapyd_settings: Words = (
        "LOG_LEVEL",
        "DOWNLOAD_DELAY",
        "CONCURRENT_REQUESTS",
        "CLOSESPIDER_ITEMCOUNT",
        "CLOSESPIDER_PAGECOUNT",
        "CLOSESPIDER_TIMEOUT",
        "FRONTIER_CRAWL",
        "FRONTIER_MAX_PAGES",
        "FRONTIER_MAX_ITEMS",
        "FRONTIER_MAX_BYTES",
        "FRONTIER_MAX_SECONDS",
        "FOCUS_POLICY",
        "FOCUS_PATIENCE",
    )
    """Scrapy settings that a job may bring along (``setting=`` of ``schedule.json``)."""
    jobs_lost_seconds: float = Field(15.0, ge=3)
    """Silence of a job and of its node after which the job is lost."""
    jobs_stalled_minutes: float = Field(15.0, ge=0)
    """Time without a page or an item after which a job is stalled; 0 = never."""
    jobs_attempts: int = Field(3, ge=1)
    """Starts of a job that is lost again and again; then it stays lost."""
    jobs_history_days: float = Field(30.0, gt=0)
    """Days for which the admin page keeps the points of a job's charts and its tree."""

    @field_validator("scrapyd_settings", mode="before")
    @classmethod
    def _split_settings(cls, value: object) -> object:
        return split(value)
