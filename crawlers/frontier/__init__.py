"""The crawl's queue."""
