"""Settings of the frontier, the queue of a crawl, and of its focus."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gleanery.fields.base import Fields


class FrontierFields(Fields):
    """Settings of the frontier, the queue of a crawl, and of its focus."""

    redis_url: str = ""
    """Redis or Valkey that workers share, e.g. ``redis://127.0.0.1:6379/0``.

    A cluster is written ``redis+cluster://node:6379``, any of its nodes.
    Empty: the workers of one machine share the file ``HOME/frontier/<crawl>.db``.
    """
    frontier_crawl: str = ""
    """Name of the crawl; workers with the same name share it.

    Empty: named by the spider, its arguments and seeds, and begun anew once it has ended.
    """
    frontier_keep_days: float = Field(30, ge=0)
    """Days after which a stopped crawl's file ``HOME/frontier/<spider>-….db`` goes; 0 = never."""
    frontier_order: Literal["strict", "relaxed"] = "strict"
    """``strict`` keeps a barrier between levels over all workers; ``relaxed`` does not wait."""
    frontier_prefetch: int = Field(0, ge=0)
    """Requests a worker holds ready; 0 = twice ``CONCURRENT_REQUESTS``."""
    frontier_lease_seconds: float = Field(12.0, gt=1)
    """Silence after which a worker counts as dead and its requests go back."""
    frontier_host_concurrency: int = Field(0, ge=0)
    """Requests to one host under way at once in all workers, until stored; 0 = each for itself."""
    frontier_max_attempts: int = Field(5, ge=1)
    """Failures after which a request is parked as a dead letter."""
    frontier_max_pages: int = Field(0, ge=0)
    """Pages fetched by all workers together after which the crawl ends; 0 = no limit."""
    frontier_max_items: int = Field(0, ge=0)
    """Items stored by all workers together after which the crawl ends; 0 = no limit."""
    frontier_max_bytes: int = Field(0, ge=0)
    """Bytes fetched by all workers together after which the crawl ends; 0 = no limit."""
    frontier_max_seconds: float = Field(0, ge=0)
    """Time after the crawl's beginning at which it ends; 0 = no limit."""
    frontier_idle_seconds: float = Field(1.0, ge=0)
    """Time without anything queued or under way in any worker after which a crawl is over."""
    frontier_start_urls: bool = False
    """Whether a crawl takes seeds from the Redis list ``<spider>:start_urls`` while it runs."""

    # --- focus
    focus_policy: Literal["keep", "drop", "flag"] = "keep"
    """Items outside the wanted category are kept, dropped, or kept and flagged for review."""
    focus_patience: int = Field(2, ge=1)
    """Levels without a wanted item after which a branch is pruned."""
