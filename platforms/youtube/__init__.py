"""YouTube: what to ask, of which back-end, and how its answers become items; without Scrapy."""
