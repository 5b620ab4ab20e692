"""Rendered objects, and questions about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from k8s.lint.rendering import Json

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong."""

    rule: str
    where: str
    """``Kind/name``, and the container's name where it is about one."""
    why: str

    def __str__(self) -> str:
        return f"{self.where}: {self.why} [{self.rule}]"


def where(thing: Json) -> str:
    """Return how findings name an object."""
    return f"{thing.get('kind')}/{thing.get('metadata', {}).get('name')}"


def namespace(thing: Json) -> str:
    """Return an object's namespace; empty for those of the cluster."""
    return str(thing.get("metadata", {}).get("namespace", ""))


def matches(selector: Json | None, labels: dict[str, str]) -> bool:
    """Whether a label selector, or a plain map of labels, means these; an empty one means all."""
    selector = selector or {}
    plain = {"matchLabels", "matchExpressions"}.isdisjoint(selector)
    wanted = selector if plain else selector.get("matchLabels", {})
    if any(labels.get(name) != value for name, value in wanted.items()):
        return False
    return plain or all(_holds(each, labels) for each in selector.get("matchExpressions", []))


def _holds(expression: Json, labels: dict[str, str]) -> bool:
    key, values = expression["key"], expression.get("values", [])
    return {
        "In": labels.get(key) in values,
        "NotIn": labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }[expression["operator"]]


@dataclass(slots=True)
class Pod:
    """The pods of one workload."""

    owner: Json
    labels: dict[str, str]
    spec: Json
    where: str = field(init=False)
    namespace: str = field(init=False)

    def __post_init__(self) -> None:
        self.where, self.namespace = where(self.owner), namespace(self.owner)

    @property
    def containers(self) -> list[Json]:
        """All, those that run before the others first."""
        return [*self.spec.get("initContainers", []), *self.spec.get("containers", [])]

    @property
    def replicas(self) -> int | None:
        """As stated; ``None`` leaves it to an autoscaler."""
        number = self.owner["spec"].get("replicas")
        return None if number is None else int(number)

    @property
    def claims(self) -> set[str]:
        """Names of volumes that each pod gets for itself."""
        templates = self.owner["spec"].get("volumeClaimTemplates", [])
        return {each["metadata"]["name"] for each in templates}

    def port(self, wanted: object) -> int | None:
        """Return the number of a port by name or number; ``None`` if no container has it."""
        for container in self.containers:
            for port in container.get("ports", []):
                if wanted in (port.get("name"), port["containerPort"]):
                    return int(port["containerPort"])
        return None


class World:
    """Everything that would be applied."""

    def __init__(self, objects: list[Json]) -> None:
        self.objects = objects

    def of(self, *kinds: str) -> Iterator[Json]:
        """Return objects of these kinds."""
        return (each for each in self.objects if each.get("kind") in kinds)

    def find(self, kind: str, name: object, place: str) -> Json | None:
        """Return the object of that kind, name and namespace."""
        for each in self.of(kind):
            if each["metadata"]["name"] == name and namespace(each) == place:
                return each
        return None

    @cached_property
    def pods(self) -> list[Pod]:
        """One for each workload."""
        return [_pod(each) for each in self.of(*WORKLOADS)]

    def selected(self, selector: Json | None, place: str) -> list[Pod]:
        """Return the pods of a namespace that a selector means."""
        return [p for p in self.pods if p.namespace == place and matches(selector, p.labels)]

    def containers(self) -> Iterator[tuple[Pod, Json, str]]:
        """Return each container with its pod and its name for findings."""
        for pod in self.pods:
            for container in pod.containers:
                yield pod, container, f"{pod.where}/{container.get('name')}"


def _pod(owner: Json) -> Pod:
    spec: Any = owner["spec"]
    if owner["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    template = spec["template"]
    return Pod(owner, template.get("metadata", {}).get("labels", {}), template["spec"])
