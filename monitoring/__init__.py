"""What a person on call needs to see: the crawl exporter, dashboards, alert rules."""
