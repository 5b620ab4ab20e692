"""The sample world of ``make demo``: a forum, a news site and a video site on one loopback port.

All of its content is ours, in ``data/``; it speaks the shapes of Reddit's API, of Google News RSS
and of the YouTube Data API v3, so that the spiders meet it exactly as they meet the platforms.
"""

from gleanery.demo.server import DemoServer
from gleanery.demo.world import World, load_world

__all__ = ["DemoServer", "World", "load_world"]
