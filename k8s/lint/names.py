"""Kinds, versions, names."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from k8s.lint.world import Finding, World, namespace, where

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSIONS = {
    "v1": (
        *("Namespace", "Service", "ConfigMap", "Secret", "PersistentVolumeClaim"),
        *("PersistentVolume", "ServiceAccount"),
    ),
    "apps/v1": ("Deployment", "StatefulSet", "DaemonSet"),
    "batch/v1": ("Job", "CronJob"),
    "networking.k8s.io/v1": ("NetworkPolicy", "Ingress"),
    "policy/v1": ("PodDisruptionBudget",),
    "autoscaling/v2": ("HorizontalPodAutoscaler",),
    "storage.k8s.io/v1": ("StorageClass",),
    "node.k8s.io/v1": ("RuntimeClass",),
    "rbac.authorization.k8s.io/v1": ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"),
    "gateway.networking.k8s.io/v1": ("Gateway", "HTTPRoute"),
    "keda.sh/v1alpha1": ("ScaledObject",),
    "external-secrets.io/v1": ("ExternalSecret", "SecretStore"),
    "monitoring.coreos.com/v1": ("ServiceMonitor", "PodMonitor", "PrometheusRule"),
}
VERSION_OF = {kind: version for version, kinds in VERSIONS.items() for kind in kinds}
OF_THE_CLUSTER = {
    *("Namespace", "PersistentVolume", "StorageClass", "RuntimeClass"),
    *("ClusterRole", "ClusterRoleBinding"),
}


def versions(world: World) -> Iterator[Finding]:
    """Each kind in the version that Kubernetes 1.31 and its successors serve."""
    for each in world.objects:
        kind, version = each.get("kind", ""), each.get("apiVersion")
        if kind not in VERSION_OF:
            yield Finding("kind", where(each), f"no kind that we know: {version}")
        elif version != VERSION_OF[kind]:
            yield Finding("version", where(each), f"{version}, not {VERSION_OF[kind]}")


def doubles(world: World) -> Iterator[Finding]:
    """No object twice."""
    counted = Counter((where(each), namespace(each)) for each in world.objects)
    for (name, _), number in counted.items():
        if number > 1:
            yield Finding("double", name, f"{number} objects of that name")


def places(world: World) -> Iterator[Finding]:
    """Whatever lives in a namespace says in which, and that one is made here."""
    made = {each["metadata"]["name"] for each in world.of("Namespace")}
    for each in world.objects:
        if each.get("kind") not in OF_THE_CLUSTER and namespace(each) not in made:
            yield Finding(
                "namespace", where(each), f"namespace {namespace(each)!r} is not made here"
            )


def service_links(world: World) -> Iterator[Finding]:
    """Our programs stop at unknown ``GLEANERY_*`` variables; Kubernetes makes such of Services."""
    for pod in world.pods:
        if pod.spec.get("enableServiceLinks", True):
            yield Finding("service-links", pod.where, "enableServiceLinks is not false")


RULES = (versions, doubles, places, service_links)
