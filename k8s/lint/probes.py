"""Whether probes ask something that answers, and mean something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8s.lint.world import Finding, Pod, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from k8s.lint.rendering import Json

KINDS = ("startupProbe", "livenessProbe", "readinessProbe")
OUR_IMAGES = "gleanery/"
ROUTES = {
    "livenessProbe": {"/healthz"},
    "startupProbe": {"/healthz"},
    "readinessProbe": {"/readyz"},
}
"""Of our programs: alive while its loop turns, ready while what it needs answers."""


def present(world: World) -> Iterator[Finding]:
    """Who listens is asked whether it is ready and whether it lives."""
    for pod, container, where in world.containers():
        if pod.owner["kind"] in {"Job", "CronJob"} or not container.get("ports"):
            continue
        for kind in ("livenessProbe", "readinessProbe"):
            if kind not in container:
                yield Finding("probe", where, f"no {kind}")


def targets(world: World) -> Iterator[Finding]:
    """A probe asks a port of its container."""
    for _, container, where in world.containers():
        ports = [v for p in container.get("ports", []) for v in (p.get("name"), p["containerPort"])]
        for kind in KINDS:
            probe = container.get(kind, {})
            for way in ("httpGet", "tcpSocket", "grpc"):
                if way in probe and probe[way]["port"] not in ports:
                    yield Finding("probe-port", where, f"{kind}: no port {probe[way]['port']}")


def routes(world: World) -> Iterator[Finding]:
    """Our programs are asked at routes that they have; only the one for readiness looks further."""
    for pod, container, where in world.containers():
        if OUR_IMAGES not in container.get("image", "") or _is_exporter(pod):
            continue
        for kind, known in ROUTES.items():
            path = container.get(kind, {}).get("httpGet", {}).get("path")
            if path is not None and path not in known:
                yield Finding("probe-path", where, f"{kind} asks {path}, not {min(known)}")


def times(world: World) -> Iterator[Finding]:
    """A probe is answered before the next one, and death takes longer to tell than absence."""
    for _, container, where in world.containers():
        for kind in KINDS:
            probe = container.get(kind)
            if probe and _period(probe) < probe.get("timeoutSeconds", 1):
                yield Finding("probe-time", where, f"{kind}: timeoutSeconds above periodSeconds")
        live, ready = container.get("livenessProbe"), container.get("readinessProbe")
        if live and ready and _patience(live) < _patience(ready):
            yield Finding("probe-time", where, "is killed before it counts as not ready")


def _is_exporter(pod: Pod) -> bool:
    return any(
        "serve-metrics" in (*c.get("command", []), *c.get("args", [])) for c in pod.containers
    )


def _period(probe: Json) -> int:
    return int(probe.get("periodSeconds", 10))


def _patience(probe: Json) -> int:
    return _period(probe) * int(probe.get("failureThreshold", 3))


RULES = (present, targets, routes, times)
