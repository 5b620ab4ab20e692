"""How each platform answers: addresses to ask, answers parsed into items; without Scrapy."""
