"""Whether ports lead to somebody who listens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8s.lint.world import Finding, World, namespace, where

if TYPE_CHECKING:
    from collections.abc import Iterator

    from k8s.lint.rendering import Json


def services(world: World) -> Iterator[Finding]:
    """Target ports are ports of the pods that a Service means."""
    for service in world.of("Service"):
        for port in service["spec"].get("ports", []):
            target = port.get("targetPort", port["port"])
            for pod in world.selected(service["spec"].get("selector"), namespace(service)):
                if pod.port(target) is None:
                    why = f"{pod.where} has no port {target!r}"
                    yield Finding("target-port", where(service), why)


def doubles(world: World) -> Iterator[Finding]:
    """No port twice: in a pod, in a Service, on a node."""
    on_nodes: set[int] = set()
    for pod in world.pods:
        ports = [p for c in pod.containers for p in c.get("ports", [])]
        yield from _twice(pod.where, ports, "containerPort")
        yield from _twice(pod.where, ports, "name")
    for service in world.of("Service"):
        yield from _twice(where(service), service["spec"].get("ports", []), "port")
        for port in service["spec"].get("ports", []):
            if port.get("nodePort") in on_nodes:
                yield Finding("port-twice", where(service), f"nodePort {port['nodePort']}")
            on_nodes |= {port["nodePort"]} if "nodePort" in port else set()


def _twice(place: str, ports: list[Json], key: str) -> Iterator[Finding]:
    values = [port.get(key) for port in ports if port.get(key)]
    for value in sorted({str(v) for v in values if values.count(v) > 1}):
        yield Finding("port-twice", place, f"{key} {value}")


def backends(world: World) -> Iterator[Finding]:
    """What the edge forwards goes to a Service's port."""
    for route in world.of("Ingress", "HTTPRoute"):
        for name, port in _targets(route):
            service = world.find("Service", name, namespace(route))
            ports = service["spec"].get("ports", []) if service else []
            known = [value for p in ports for value in (p["port"], p.get("name"))]
            if port not in known:
                yield Finding("backend", where(route), f"no Service {name} with port {port}")


def _targets(route: Json) -> Iterator[tuple[str, object]]:
    for rule in route["spec"].get("rules", []):
        for backend in rule.get("backendRefs", []):
            yield backend["name"], backend["port"]
        for path in rule.get("http", {}).get("paths", []):
            service = path["backend"]["service"]
            yield service["name"], service["port"].get("name", service["port"].get("number"))


RULES = (services, doubles, backends)
