"""All rules, in the order in which their findings are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from k8s.lint import (
    draining,
    environment,
    images,
    mounts,
    names,
    network,
    ports,
    probes,
    references,
    resources,
    scaling,
    security,
    selectors,
)
from k8s.lint.world import Finding, World

if TYPE_CHECKING:
    from k8s.lint.rendering import Json

Rule = Callable[[World], Iterator[Finding]]
RULES: tuple[Rule, ...] = (
    *names.RULES,
    *selectors.RULES,
    *ports.RULES,
    *references.RULES,
    *mounts.RULES,
    *environment.RULES,
    *probes.RULES,
    *resources.RULES,
    *security.RULES,
    *images.RULES,
    *draining.RULES,
    *network.RULES,
    *scaling.RULES,
)


def lint(objects: list[Json]) -> list[Finding]:
    """Return what is wrong with objects that would be applied together."""
    world = World(objects)
    return [finding for rule in RULES for finding in rule(world)]
