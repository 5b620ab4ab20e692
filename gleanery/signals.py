"""Signals that our Scrapy components send one another, so that they need not import one another."""

children_ready = object()
"""A request has ended well and its children are about to be queued.

Sent by ``FrontierScheduler`` with ``parent`` (the request) and ``children`` (a list of requests,
whose ``meta`` may still be changed). A child given ``meta["pruned"] = True`` is queued as pruned.
"""

seed_begun = object()
"""A crawl begins with a seed, sent by ``GleanerySpider`` with ``seed``, before its requests."""

store_away = object()
"""Items begin to wait in the spool, sent by ``StorePipeline``: the crawl should slow down."""

store_back = object()
"""Nothing waits any more."""

speed_changed = object()
"""Somebody changed how fast the crawl may go, sent by ``FrontierScheduler`` with ``total`` and
``domain``: requests at once, in all and to one host.
"""
