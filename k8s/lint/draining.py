"""Whether what is under way may end before a pod does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from commands.serve_api import DRAIN_SECONDS
from gleanery.config import Config
from k8s.lint.environment import KNOWN, environment
from k8s.lint.probes import OUR_IMAGES
from k8s.lint.world import Finding, Pod, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from k8s.lint.rendering import Json

CLOSE_SECONDS = 5.0
"""Of a program that has drained: connections, engines, the interpreter."""
ADMIN_SECONDS = 5.0
"""``timeout_graceful_shutdown`` of ``gleanery serve-admin``."""


def grace(world: World) -> Iterator[Finding]:
    """A pod's time to end holds its hook and its program's own time to drain."""
    for pod, container, where in world.containers():
        drain = drain_seconds(world, pod, container)
        if drain is None:
            continue
        needed = _sleep(container) + drain + CLOSE_SECONDS
        given = pod.spec.get("terminationGracePeriodSeconds", 30)
        if given < needed:
            yield Finding("grace", where, f"has {given} s to end, needs {needed:g}")


def hooks(world: World) -> Iterator[Finding]:
    """Behind a Service, a program listens on until every proxy has heard that it leaves."""
    for service in world.of("Service"):
        if service["spec"].get("clusterIP") == "None":
            continue
        place = service["metadata"].get("namespace", "")
        for pod in world.selected(service["spec"].get("selector"), place):
            for container in pod.spec.get("containers", []):
                ours = OUR_IMAGES in container.get("image", "")
                if ours and container.get("ports") and not _sleep(container):
                    yield Finding(
                        "pre-stop", f"{pod.where}/{container['name']}", "no preStop sleep"
                    )


def drain_seconds(world: World, pod: Pod, container: Json) -> float | None:
    """Return how long a program of ours takes at most, once it is told; ``None`` for others."""
    words = [*container.get("command", []), *container.get("args", [])]
    values = environment(world, pod, container).values
    if "scrapyd" in words:
        return _setting(values, "SCRAPYD_DRAIN_SECONDS")
    if "work" in words:
        return _setting(values, "WORK_DRAIN_SECONDS")
    if "serve-models" in words:
        given = words.index("--drain-seconds") if "--drain-seconds" in words else None
        return float(words[given + 1]) if given is not None else 20.0
    if "serve-api" in words:
        return float(DRAIN_SECONDS)
    return ADMIN_SECONDS if "serve-admin" in words else None


def _setting(values: dict[str, str], name: str) -> float:
    variable = f"GLEANERY_{name}"
    default = Config.model_fields[KNOWN[variable]].default
    return float(values.get(variable) or default)


def _sleep(container: Json) -> float:
    hook = container.get("lifecycle", {}).get("preStop", {})
    return float(hook.get("sleep", {}).get("seconds", 0))


RULES = (grace, hooks)
