"""A spider that takes its whole process down as it begins."""

from __future__ import annotations

import os

from tests.spiders.graph import GraphSpider


class CrashingSpider(GraphSpider):
    name = "crashing"

    async def start_seed(self, seed):
        os.abort()
        yield
