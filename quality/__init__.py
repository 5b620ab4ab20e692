"""How much an item is worth to whoever trains on it; files of our own, no Scrapy, no store."""

from quality.fingerprint import Fingerprint, fingerprint
from quality.near import Entry, NearIndex, Twin
from quality.score import VERSION, Quality, Reason, assess, input_digest

__all__ = [
    "VERSION",
    "Entry",
    "Fingerprint",
    "NearIndex",
    "Quality",
    "Reason",
    "Twin",
    "assess",
    "fingerprint",
    "input_digest",
]
