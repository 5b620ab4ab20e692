"""Whether pods meet the restricted profile of Pod Security, and write nowhere but to volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8s.lint.world import Finding, World

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = ("hostNetwork", "hostPID", "hostIPC")


def pods(world: World) -> Iterator[Finding]:
    """No root, the runtime's filter of system calls, nothing of the node."""
    for pod in world.pods:
        context = pod.spec.get("securityContext", {})
        if context.get("runAsNonRoot") is not True or not context.get("runAsUser"):
            yield Finding("root", pod.where, "runAsNonRoot and runAsUser are not set")
        if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield Finding("seccomp", pod.where, "seccompProfile is not RuntimeDefault")
        for name in HOST:
            if pod.spec.get(name):
                yield Finding("host", pod.where, name)
        for volume in pod.spec.get("volumes", []):
            if "hostPath" in volume:
                yield Finding("host", pod.where, f"volume {volume['name']} is a folder of the node")


def containers(world: World) -> Iterator[Finding]:
    """No rights to gain, none to keep, a root file system that cannot be written to."""
    for _, container, where in world.containers():
        context = container.get("securityContext", {})
        if context.get("privileged"):
            yield Finding("privileged", where, "privileged")
        if context.get("allowPrivilegeEscalation") is not False:
            yield Finding("escalation", where, "allowPrivilegeEscalation is not false")
        capabilities = context.get("capabilities", {})
        if capabilities.get("drop") != ["ALL"] or capabilities.get("add"):
            yield Finding("capabilities", where, "capabilities are not all dropped")
        if context.get("readOnlyRootFilesystem") is not True:
            yield Finding("root-filesystem", where, "can be written to")
        if context.get("runAsUser") == 0 or context.get("runAsNonRoot") is False:
            yield Finding("root", where, "runs as root")
        if any("hostPort" in port for port in container.get("ports", [])):
            yield Finding("host", where, "hostPort")


def namespaces(world: World) -> Iterator[Finding]:
    """The namespace enforces that."""
    for each in world.of("Namespace"):
        labels = each["metadata"].get("labels", {})
        if labels.get("pod-security.kubernetes.io/enforce") != "restricted":
            name = each["metadata"]["name"]
            yield Finding("pod-security", f"Namespace/{name}", "does not enforce restricted")


RULES = (pods, containers, namespaces)
