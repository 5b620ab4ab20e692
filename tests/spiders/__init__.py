"""Spiders that only tests run (``SPIDER_MODULES=tests.spiders``)."""
