"""Whether it is known what runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from k8s.lint.world import Finding, World

if TYPE_CHECKING:
    from collections.abc import Iterator

_IMAGE = re.compile(
    r"[a-z0-9][a-z0-9./:_-]*?(?::(?P<tag>[\w][\w.-]*))?(?P<digest>@sha256:[0-9a-f]{64})?"
)


def tags(world: World) -> Iterator[Finding]:
    """Each image has a tag with a version, or a digest; none is ``latest``."""
    for _, container, where in world.containers():
        image = str(container.get("image", ""))
        found = _IMAGE.fullmatch(image)
        pinned = found and (found["digest"] or re.search(r"\d", found["tag"] or ""))
        if not pinned:
            yield Finding("image", where, f"{image!r} names no version")


RULES = (tags,)
