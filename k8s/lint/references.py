"""Whether what is named is there: ConfigMaps, Secrets, their keys, claims, classes, accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8s.lint.world import Finding, Pod, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from k8s.lint.rendering import Json

ANY_KEY = None
"""Of a Secret that another program fills."""


def keys_of(world: World, kind: str, name: str, place: str) -> set[str] | None:
    """Return the keys of a ConfigMap or Secret; ``ANY_KEY`` if only another program knows them.

    Raises:
        LookupError: There is none.
    """
    if (found := world.find(kind, name, place)) is not None:
        return set(found.get("data") or {}) | set(found.get("stringData") or {})
    for each in world.of("ExternalSecret") if kind == "Secret" else ():
        target = each["spec"].get("target", {}).get("name", each["metadata"]["name"])
        if target == name:
            return ANY_KEY
    raise LookupError(name)


def sources(world: World) -> Iterator[Finding]:
    """ConfigMaps and Secrets of environments and volumes."""
    for pod, container, place in world.containers():
        for each in container.get("envFrom", []):
            yield from _check(world, pod, place, each, [])
        for each in container.get("env", []):
            given = each.get("valueFrom", {})
            key = (given.get("secretKeyRef") or given.get("configMapKeyRef") or {}).get("key")
            yield from _check(world, pod, place, given, [key] if key else [])
    for pod in world.pods:
        for volume in pod.spec.get("volumes", []):
            for part in (volume, *volume.get("projected", {}).get("sources", [])):
                source = part.get("secret") or part.get("configMap") or {}
                keys = [item["key"] for item in source.get("items", [])]
                yield from _check(world, pod, pod.where, part, keys)


def _check(world: World, pod: Pod, place: str, source: Json, keys: list[str]) -> Iterator[Finding]:
    for kind, names in (
        ("Secret", ("secretRef", "secretKeyRef", "secret")),
        ("ConfigMap", ("configMapRef", "configMapKeyRef", "configMap")),
    ):
        for given in (source[name] for name in names if isinstance(source.get(name), dict)):
            name = given.get("name") or given.get("secretName")
            try:
                known = keys_of(world, kind, name, pod.namespace)
            except LookupError:
                if not given.get("optional"):
                    yield Finding("missing", place, f"no {kind} {name}")
                continue
            for key in keys:
                if known is not ANY_KEY and key not in known:
                    yield Finding("missing-key", place, f"{kind} {name} has no key {key}")


def claims(world: World) -> Iterator[Finding]:
    """Claims of volumes; a claim that one node's pods alone may use is not used by many."""
    for pod in world.pods:
        for volume in pod.spec.get("volumes", []):
            name = volume.get("persistentVolumeClaim", {}).get("claimName")
            if name and world.find("PersistentVolumeClaim", name, pod.namespace) is None:
                yield Finding("missing", pod.where, f"no PersistentVolumeClaim {name}")


def volumes(world: World) -> Iterator[Finding]:
    """A volume that is made for a claim is large enough, of its class and mode."""
    wanted = {each["metadata"]["name"]: each["spec"] for each in world.of("PersistentVolumeClaim")}
    for pod in world.pods:
        for claim in pod.owner["spec"].get("volumeClaimTemplates", []):
            wanted[f"{claim['metadata']['name']}-{pod.owner['metadata']['name']}-0"] = claim["spec"]
    for volume in world.of("PersistentVolume"):
        spec, name = volume["spec"], f"PersistentVolume/{volume['metadata']['name']}"
        claim = wanted.get(spec.get("claimRef", {}).get("name"))
        if claim is None:
            yield Finding("volume", name, "for a claim that is not made here")
        elif (
            claim.get("storageClassName") != spec.get("storageClassName")
            or not set(claim["accessModes"]) <= set(spec["accessModes"])
            or claim["resources"]["requests"]["storage"] != spec["capacity"]["storage"]
        ):
            yield Finding("volume", name, "class, mode or size are not those of its claim")


def accounts(world: World) -> Iterator[Finding]:
    """Accounts of pods; ours ask nothing of Kubernetes and get no token."""
    for pod in world.pods:
        name = pod.spec.get("serviceAccountName")
        if name and world.find("ServiceAccount", name, pod.namespace) is None:
            yield Finding("missing", pod.where, f"no ServiceAccount {name}")
        if pod.spec.get("automountServiceAccountToken") is not False and not name:
            yield Finding("token", pod.where, "gets a token of a service account")


def runtimes(world: World) -> Iterator[Finding]:
    """Runtime classes of pods."""
    made = {each["metadata"]["name"] for each in world.of("RuntimeClass")}
    for pod in world.pods:
        name = pod.spec.get("runtimeClassName")
        if name and name not in made:
            yield Finding("missing", pod.where, f"no RuntimeClass {name}")


RULES = (sources, claims, volumes, accounts, runtimes)
