"""What a crawl is called that nobody named: by what it was asked to do."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.settings import BaseSettings

NO_PART_OF_THE_WORK = {"max_items", "seeds", "profile"}
"""Arguments that do not make another crawl.

``max_items`` ends it sooner or later and leaves its pages the same; of a file of seeds it counts
what was read from it, and not what it is called.
"""
_DIGEST = re.compile(r"-[0-9a-f]{12}$")


def crawl_name(spider: Spider, settings: BaseSettings) -> str:
    """Return ``FRONTIER_CRAWL``, else the spider's name and 12 hex digits of what it is to do.

    Two runs with the same arguments, in whatever order, and the same seeds have the same name; an
    argument that is spelt out but has its default value changes nothing. Two different jobs have
    different names.
    """
    if named := settings["FRONTIER_CRAWL"]:
        return str(named)
    written = json.dumps(_work_of(spider), sort_keys=True, ensure_ascii=False, default=str)
    return f"{spider.name}-{blake2b(written.encode(), digest_size=6).hexdigest()}"


def is_made_up(name: str) -> bool:
    """Whether ``name`` has the form that :func:`crawl_name` gives to a crawl that nobody named."""
    return bool(_DIGEST.search(name))


def _work_of(spider: Spider) -> dict[str, Any]:
    arguments, seeds = getattr(spider, "arguments", None), getattr(spider, "seeds", ())
    if not isinstance(arguments, BaseModel):
        # a plain spider keeps its ``-a`` arguments, all texts, as attributes; _job is scrapyd's
        return {k: v for k, v in vars(spider).items() if isinstance(v, str) and k != "_job"}
    starts = set(getattr(arguments, "SEED_KINDS", ()))
    given = arguments.model_dump(
        mode="json", exclude_defaults=True, exclude=NO_PART_OF_THE_WORK | starts
    )
    return {"given": given, "seeds": sorted(json.dumps(asdict(s), sort_keys=True) for s in seeds)}
