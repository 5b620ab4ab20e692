"""A spider whose pages wait for one another, as items wait for a model's batch."""

from __future__ import annotations

import asyncio

from tests.spiders.graph import GraphSpider

BATCH = 12


class BatchSpider(GraphSpider):
    """Of the pages below the first, none is done before ``BATCH`` are fetched."""

    name = "batch"

    async def start_seed(self, seed):
        self.fetched, self.full = 0, asyncio.Event()
        async for request in super().start_seed(seed):
            yield request

    async def parse(self, response):
        if response.meta["depth"]:
            self.fetched += 1
            if self.fetched == BATCH:
                self.full.set()
            async with asyncio.timeout(120):
                await self.full.wait()
        async for found in super().parse(response):
            yield found
