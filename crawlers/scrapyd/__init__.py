"""scrapyd as we run it: without eggs, one queue, safe by default; see docs/scrapyd.md."""
