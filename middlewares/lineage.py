"""Depth, seed and branch of every request and item."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from scrapy.spidermiddlewares.depth import DepthMiddleware

from items import Item

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Response

INHERITED = ("seed", "seed_options", "category_wanted", "max_depth", "audio_plan")
"""Meta keys that every request takes over from the response that led to it."""


class LineageMiddleware(DepthMiddleware):
    """Scrapy's depth middleware, and what it lacks.

    * ``meta["same_depth"]``: the request continues its level (next page of a listing);
    * ``meta["max_depth"]``: a limit of each seed's own, besides ``DEPTH_LIMIT``;
    * ``seed``, ``category_wanted``, ``audio_plan`` go from request to request, and onto the items;
    * ``meta["node"]`` names the request for ``middlewares.focus`` and the frontier, redirects and
      retries keep it; ``path`` holds all nodes from the seed down, where one page gives several
      items the item in place of the page;
    * ``meta["parent"]`` is the frontier's lease of the request that led to it.
    """

    def get_processed_request(self, request: Request, response: Response | None) -> Request | None:
        request.meta["node"] = self.crawler.request_fingerprinter.fingerprint(request)[:4].hex()
        if response is None:
            request.meta.setdefault("depth", 0)
            return request
        for key in INHERITED:
            if key in response.meta:
                request.meta.setdefault(key, response.meta[key])
        request.meta["parent"] = response.meta.get("lease")
        request.meta["path"] = _path(request, response)
        if request.meta.pop("same_depth", False):
            request.meta["depth"] = response.meta["depth"]
            request.priority = -response.meta["depth"] * self.prio
            return request
        limit = request.meta.get("max_depth")
        if limit is not None and response.meta["depth"] + 1 > limit:
            self.stats.inc_value("lineage/beyond_max_depth")
            return None
        return super().get_processed_request(request, response)

    def get_processed_item(self, item: Any, response: Response | None) -> Any:
        if isinstance(item, Item) and response is not None:
            item.depth = response.meta["depth"]
            item.seed = response.meta.get("seed", item.seed)
            item.category_wanted = response.meta.get("category_wanted")
            item.audio_plan = response.meta.get("audio_plan")
        return item


def _path(request: Request, response: Response) -> str:
    identity = request.meta.get("of")
    step = (
        blake2b(identity.encode(), digest_size=4).hexdigest() if identity else response.meta["node"]
    )
    return ",".join(filter(None, (response.meta.get("path"), step)))
