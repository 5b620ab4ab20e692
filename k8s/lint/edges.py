"""Who may speak to whom, as NetworkPolicies say it together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from k8s.lint.world import Pod, World, matches, namespace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from k8s.lint.rendering import Json

WAYS = (("Ingress", "ingress", "from"), ("Egress", "egress", "to"))


@dataclass(frozen=True, slots=True)
class Edge:
    """One kind of pod may open connections to a port of another."""

    caller: str
    called: str
    port: int

    def __str__(self) -> str:
        return f"{self.caller} → {self.called}:{self.port}"


def edges(world: World, way: str) -> set[Edge]:
    """Return the edges between pods that the rules of one way (``Ingress``, ``Egress``) open."""
    return {edge for policy in world.of("NetworkPolicy") for edge in _of(world, policy, way)}


def _of(world: World, policy: Json, way: str) -> Iterator[Edge]:
    (key, peer_key), place = {w: (k, p) for w, k, p in WAYS}[way], namespace(policy)
    owners = world.selected(policy["spec"]["podSelector"], place)
    for rule in policy["spec"].get(key) or []:
        peers = [p for each in rule.get(peer_key) or [] for p in peer_pods(world, each, place)]
        for owner in owners:
            for peer in peers:
                caller, called = (peer, owner) if way == "Ingress" else (owner, peer)
                for port in ports(rule, called):
                    yield Edge(caller.where, called.where, port)


def peer_pods(world: World, peer: Json, place: str) -> list[Pod]:
    """Return the pods of ours that a peer means."""
    if "ipBlock" in peer:
        return []
    if "namespaceSelector" not in peer:
        return world.selected(peer.get("podSelector"), place)
    named = {
        each["metadata"]["name"]
        for each in world.of("Namespace")
        if matches(
            peer["namespaceSelector"],
            each["metadata"].get("labels", {})
            | {"kubernetes.io/metadata.name": each["metadata"]["name"]},
        )
    }
    return [p for name in named for p in world.selected(peer.get("podSelector"), name)]


def ports(rule: Json, called: Pod) -> set[int]:
    """Return the ports of a pod that a rule opens; all of them if it names none."""
    given = rule.get("ports")
    if not given:
        return {p["containerPort"] for c in called.containers for p in c.get("ports", [])}
    return {number for each in given if (number := called.port(each.get("port"))) is not None}
