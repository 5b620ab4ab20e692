"""What runs a crawl: the Scrapy project around the spiders."""
