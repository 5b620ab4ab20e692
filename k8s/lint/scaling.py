"""Whether autoscalers and budgets of disruption make sense."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from k8s.lint.world import Finding, Pod, World, namespace, where

if TYPE_CHECKING:
    from collections.abc import Iterator

    from k8s.lint.rendering import Json

BOUNDS = {
    "HorizontalPodAutoscaler": ("minReplicas", "maxReplicas"),
    "ScaledObject": ("minReplicaCount", "maxReplicaCount"),
}


def scalers(world: World) -> Iterator[Finding]:
    """An autoscaler has a workload, alone, bounds in order, and what it measures by."""
    owned = Counter(_target(each) for each in world.of(*BOUNDS))
    for scaler in world.of(*BOUNDS):
        kind, name = _target(scaler)
        found = world.find(kind, name, namespace(scaler))
        if found is None:
            yield Finding("scaler", where(scaler), f"there is no {kind} {name}")
        elif "replicas" in found["spec"]:
            yield Finding("scaler", where(scaler), f"{kind}/{name} fixes its replicas")
        if owned[kind, name] > 1:
            yield Finding("scaler", where(scaler), f"another scales {kind}/{name}, too")
        least, most = (scaler["spec"].get(key, 1) for key in BOUNDS[scaler["kind"]])
        if least >= most:
            yield Finding("scaler", where(scaler), f"from {least} to {most} replicas")


def measures(world: World) -> Iterator[Finding]:
    """A share of a resource is a share of a request."""
    for scaler in world.of("HorizontalPodAutoscaler"):
        pod = _pod(world, *_target(scaler), namespace(scaler))
        for metric in scaler["spec"].get("metrics", []):
            name = metric.get("resource", {}).get("name")
            containers = pod.spec["containers"] if pod and name else []
            for each in containers:
                if name not in each.get("resources", {}).get("requests", {}):
                    yield Finding("scaler", where(scaler), f"{each['name']} requests no {name}")


def budgets(world: World) -> Iterator[Finding]:
    """A budget leaves something to take away, else no node can be drained."""
    least = {_target(s): s["spec"].get(BOUNDS[s["kind"]][0], 1) for s in world.of(*BOUNDS)}
    for budget in world.of("PodDisruptionBudget"):
        spec = budget["spec"]
        if ("minAvailable" in spec) == ("maxUnavailable" in spec):
            yield Finding("budget", where(budget), "wants one of minAvailable and maxUnavailable")
        for pod in world.selected(spec.get("selector"), namespace(budget)):
            kind, name = pod.owner["kind"], pod.owner["metadata"]["name"]
            replicas = least.get((kind, name), pod.replicas or 1)
            if _blocks(spec, replicas):
                yield Finding("budget", where(budget), f"none of {replicas} may ever be taken away")


def shared_claims(world: World) -> Iterator[Finding]:
    """Pods of several nodes cannot share a volume that one node alone may mount."""
    spread = {p.where for p in world.pods if p.spec.get("topologySpreadConstraints")}
    for pod in (p for p in world.pods if p.where in spread):
        for volume in pod.spec.get("volumes", []):
            name = volume.get("persistentVolumeClaim", {}).get("claimName")
            claim = world.find("PersistentVolumeClaim", name, pod.namespace) if name else None
            if claim and "ReadWriteMany" not in claim["spec"]["accessModes"]:
                yield Finding("shared-claim", pod.where, f"{name} is mounted by one node alone")


def _blocks(spec: Json, replicas: int) -> bool:
    available, unavailable = spec.get("minAvailable"), spec.get("maxUnavailable")
    if unavailable is not None:
        return str(unavailable) in {"0", "0%"}
    return str(available) == "100%" or (isinstance(available, int) and available >= replicas)


def _target(scaler: Json) -> tuple[str, str]:
    target = scaler["spec"]["scaleTargetRef"]
    return target.get("kind", "Deployment"), target["name"]


def _pod(world: World, kind: str, name: str, place: str) -> Pod | None:
    owner = world.find(kind, name, place)
    return next((p for p in world.pods if p.owner is owner), None) if owner else None


RULES = (scalers, measures, budgets, shared_claims)
