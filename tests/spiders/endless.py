"""A spider whose ``start()`` never ends: it waits for seeds that a feeder never sends."""

from __future__ import annotations

import asyncio

from tests.spiders.graph import GraphSpider


class EndlessSpider(GraphSpider):
    name = "endless"

    async def start(self):
        async for output in super().start():
            yield output
        await asyncio.Event().wait()
