"""Whether requests and limits are there and make sense."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from k8s.lint.world import Finding, World

if TYPE_CHECKING:
    from collections.abc import Iterator

UNITS = {
    "": Decimal(1), "m": Decimal("0.001"), "k": Decimal(10**3), "M": Decimal(10**6),
    "G": Decimal(10**9), "T": Decimal(10**12), "Ki": Decimal(2**10), "Mi": Decimal(2**20),
    "Gi": Decimal(2**30), "Ti": Decimal(2**40),
}  # fmt: skip


def quantity(text: object) -> Decimal:
    """Return the number that a quantity of Kubernetes means.

    Raises:
        ValueError: It is none.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([a-zA-Z]*)", str(text))
    if found is None or found[2] not in UNITS:
        raise ValueError(f"{text!r} is no quantity")
    return Decimal(found[1]) * UNITS[found[2]]


def present(world: World) -> Iterator[Finding]:
    """Every container says what it needs, and has a limit of memory."""
    for _, container, where in world.containers():
        given = container.get("resources", {})
        for kind, name in (("requests", "cpu"), ("requests", "memory"), ("limits", "memory")):
            if name not in given.get(kind, {}):
                yield Finding("resources", where, f"no {kind} of {name}")


def sensible(world: World) -> Iterator[Finding]:
    """No limit is below its request; what cannot be overcommitted is asked for as it is limited."""
    for _, container, where in world.containers():
        requests, limits = (
            container.get("resources", {}).get(k, {}) for k in ("requests", "limits")
        )
        try:
            for name in requests.keys() & limits.keys():
                wanted, most = quantity(requests[name]), quantity(limits[name])
                if most < wanted or ("/" in name and most != wanted):
                    why = f"{name}: limit {limits[name]}, request {requests[name]}"
                    yield Finding("limit", where, why)
        except ValueError as error:
            yield Finding("limit", where, str(error))


def volumes(world: World) -> Iterator[Finding]:
    """A folder in a node's own storage has a limit, and one in memory is within the pod's."""
    for pod in world.pods:
        for volume in pod.spec.get("volumes", []):
            if "emptyDir" in volume and "sizeLimit" not in (volume["emptyDir"] or {}):
                yield Finding("size-limit", pod.where, f"volume {volume['name']} has none")


RULES = (present, sensible, volumes)
