"""Files and what is in them: the media store and decoding; no Scrapy, no models."""
