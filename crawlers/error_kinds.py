"""What went wrong in a crawl, by kind: which of Scrapy's stats count what."""

from __future__ import annotations

ERRORS = {
    "downloader/exception_count": "download",
    "retry/max_reached": "gave_up",
    "spider_exceptions/count": "callback",
    "blocked/403": "blocked",
    "blocked/429": "blocked",
    "blocked/captcha": "blocked",
    "ssrf/refused": "address_refused",
    "classify/unavailable": "model_away",
    "classify/refused": "model_refused",
    "store/failed": "store",
    "store/refused": "store_refused",
    "frontier/failed": "request_failed",
    "frontier/unreadable": "request_failed",
    "frontier/away": "frontier_away",
    "media/images/failed": "image",
    "vectorize/unavailable": "work_queue",
    "log_count/ERROR": "logged",
}
"""Stat → kind; also the label ``kind`` of ``gleanery_crawl_errors_total``."""
