"""Download handlers: what answers requests of schemes that Scrapy does not know."""
