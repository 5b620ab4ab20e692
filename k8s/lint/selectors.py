"""Whether selectors mean what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8s.lint.world import Finding, World, matches, namespace, where

if TYPE_CHECKING:
    from collections.abc import Iterator


def workloads(world: World) -> Iterator[Finding]:
    """A workload's selector means its own pods, and nobody else's."""
    for pod in world.pods:
        selector = pod.owner["spec"].get("selector")
        if pod.owner["kind"] in {"Job", "CronJob"} and selector is None:
            continue
        if not selector or not matches(selector, pod.labels):
            yield Finding("selector", pod.where, "the selector does not mean its own pods")
        for other in world.selected(selector, pod.namespace):
            if other is not pod:
                yield Finding("selector", pod.where, f"the selector means pods of {other.where}")


def others(world: World) -> Iterator[Finding]:
    """Services, budgets and policies mean pods that there are."""
    keys = {
        "Service": "selector",
        "PodDisruptionBudget": "selector",
        "NetworkPolicy": "podSelector",
    }
    for each in world.of(*keys):
        selector = each["spec"].get(keys[each["kind"]])
        if each["kind"] == "Service" and each["spec"].get("type") == "ExternalName":
            continue
        if selector is None or not world.selected(selector, namespace(each)):
            yield Finding("selects-nothing", where(each), f"no pod has {selector}")


def spreads(world: World) -> Iterator[Finding]:
    """Constraints of spreading count the pod's own kind."""
    for pod in world.pods:
        for each in pod.spec.get("topologySpreadConstraints", []):
            if not matches(each.get("labelSelector"), pod.labels):
                yield Finding("spread", pod.where, "spreads over pods that are not its own")


def stateful(world: World) -> Iterator[Finding]:
    """A StatefulSet's Service is there, headless, and means its pods."""
    for pod in world.pods:
        if pod.owner["kind"] != "StatefulSet":
            continue
        name = pod.owner["spec"].get("serviceName")
        service = world.find("Service", name, pod.namespace)
        if service is None or service["spec"].get("clusterIP") != "None":
            yield Finding("service-name", pod.where, f"no headless Service {name}")
        elif not matches(service["spec"].get("selector"), pod.labels):
            yield Finding("service-name", pod.where, f"Service {name} does not mean its pods")


RULES = (workloads, others, spreads, stateful)
