"""``runner`` of scrapyd: Scrapy's own command; without eggs it needs no ``pkg_resources``."""

from __future__ import annotations

from scrapy.cmdline import execute

if __name__ == "__main__":
    execute()
