"""Whether the network is closed, and open where our programs must speak to one another."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import TYPE_CHECKING

from k8s.lint.edges import WAYS, Edge, edges, peer_pods
from k8s.lint.environment import environment
from k8s.lint.world import Finding, Pod, World, namespace, where

if TYPE_CHECKING:
    from collections.abc import Iterator

    from k8s.lint.rendering import Json

PRIVATE = tuple(
    ip_network(each)
    for each in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8"),
        *("169.254.0.0/16", "fc00::/7", "fe80::/10", "::1/128"),
    )
)
_ADDRESS = re.compile(r"(?:^|[/@,])([a-z][a-z0-9-]*):(\d+)(?=[/?,]|$)")
"""A host of the cluster with a port: ``http://model:8765/mcp``, ``root@mysql:3306/gleanery``."""
_ELSEWHERE = re.compile(r"//([a-z0-9-]+\.[a-z0-9-]+\.svc[a-z.]*):(\d+)")
"""A Service of another namespace with a port."""


def closed(world: World) -> Iterator[Finding]:
    """Every pod is closed both ways, but for what policies open."""
    policies = [*world.of("NetworkPolicy")]
    for pod in world.pods:
        mine = [
            p for p in policies if pod in world.selected(p["spec"]["podSelector"], namespace(p))
        ]
        for way, _, _ in WAYS:
            if not any(way in each["spec"].get("policyTypes", []) for each in mine):
                yield Finding("open-network", pod.where, f"no policy closes its {way.lower()}")


def peers(world: World) -> Iterator[Finding]:
    """Peers are pods that there are, ports theirs."""
    for policy in world.of("NetworkPolicy"):
        for way, key, peer_key in WAYS:
            for rule in policy["spec"].get(key) or []:
                yield from _check(world, policy, way, rule, rule.get(peer_key) or [])


def _check(
    world: World, policy: Json, way: str, rule: Json, given: list[Json]
) -> Iterator[Finding]:
    place = namespace(policy)
    called = world.selected(policy["spec"]["podSelector"], place) if way == "Ingress" else []
    for peer in given:
        if "podSelector" not in peer or "namespaceSelector" in peer:
            continue
        found = peer_pods(world, peer, place)
        called = called if way == "Ingress" else [*called, *found]
        if not found:
            yield Finding("policy-peer", where(policy), f"no pod is {peer['podSelector']}")
    for each in rule.get("ports") or []:
        for pod in called:
            if "port" in each and pod.port(each["port"]) is None:
                yield Finding("policy-port", where(policy), f"{pod.where} has no {each['port']!r}")


def both_sides(world: World) -> Iterator[Finding]:
    """What one side may open, the other lets in."""
    into, out = edges(world, "Ingress"), edges(world, "Egress")
    for edge in sorted(map(str, into ^ out)):
        yield Finding("half-open", edge, "allowed on one side only")


def reachable(world: World) -> Iterator[Finding]:
    """Services that variables name are there; those of a container's own it may speak to."""
    into = edges(world, "Ingress")
    for pod, container, place in world.containers():
        made = environment(world, pod, container)
        for name, value in made.values.items():
            for host, port in _ADDRESS.findall(value):
                called = _behind(world, host, int(port), pod.namespace)
                if not called:
                    yield Finding("address", place, f"{name}: nobody is behind {host}:{port}")
                elif name in made.own and not {Edge(pod.where, *c) for c in called} <= into:
                    yield Finding("unreachable", place, f"{name}: may not speak to {host}")


def _behind(world: World, host: str, port: int, place: str) -> list[tuple[str, int]]:
    """Return the workloads behind a Service's port, with the number of theirs."""
    service = world.find("Service", host, place)
    found = []
    for each in service["spec"]["ports"] if service else []:
        for pod in world.selected(service["spec"]["selector"], place):  # type: ignore[index]
            number = pod.port(each.get("targetPort", port))
            if each["port"] == port and number:
                found.append((pod.where, number))
    return found


def elsewhere(world: World) -> Iterator[Finding]:
    """A container may reach the Services of other namespaces that its own variables name."""
    for pod, container, place in world.containers():
        made = environment(world, pod, container)
        for name in sorted(made.own):
            for host, port in _ELSEWHERE.findall(made.values[name]):
                if not _leaves(world, pod, int(port)):
                    yield Finding("unreachable", place, f"{name}: may not speak to {host}:{port}")


def _leaves(world: World, pod: Pod, port: int) -> bool:
    """Whether a policy opens that port of some other namespace to a pod."""
    return any(
        any("namespaceSelector" in peer for peer in rule.get("to") or [])
        and any(each.get("port") == port for each in rule.get("ports") or [])
        for policy in world.of("NetworkPolicy")
        if pod in world.selected(policy["spec"]["podSelector"], namespace(policy))
        for rule in policy["spec"].get("egress") or []
    )


def internet(world: World) -> Iterator[Finding]:
    """Whoever reaches the internet reaches no private network with it."""
    for policy in world.of("NetworkPolicy"):
        for rule in policy["spec"].get("egress") or []:
            for block in (p["ipBlock"] for p in rule.get("to") or [] if "ipBlock" in p):
                whole = ip_network(block["cidr"])
                left_out = [ip_network(each) for each in block.get("except", [])]
                for each in PRIVATE if whole.is_global or whole.prefixlen == 0 else ():
                    inside = each.version == whole.version and each.subnet_of(whole)  # type: ignore[arg-type]
                    if inside and each not in left_out:
                        yield Finding("private-network", where(policy), f"{each} can be reached")


RULES = (closed, peers, both_sides, reachable, elsewhere, internet)
