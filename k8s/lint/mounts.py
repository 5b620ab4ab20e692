"""Whether containers find what they mount, and can write where they must."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from k8s.lint.environment import environment
from k8s.lint.world import Finding, World

if TYPE_CHECKING:
    from collections.abc import Iterator


def volumes(world: World) -> Iterator[Finding]:
    """What is mounted is a volume of the pod, each volume is mounted, no place twice."""
    for pod in world.pods:
        names = [each["name"] for each in pod.spec.get("volumes", [])]
        used = {m["name"] for c in pod.containers for m in c.get("volumeMounts", [])}
        for name in sorted(used - set(names) - pod.claims):
            yield Finding("mount", pod.where, f"no volume {name}")
        for name in sorted({*names, *pod.claims} - used):
            yield Finding("unused-volume", pod.where, f"nobody mounts {name}")
        for name, number in Counter(names).items():
            if number > 1:
                yield Finding("volume-twice", pod.where, f"volume {name}")


def places(world: World) -> Iterator[Finding]:
    """No place is mounted twice, all are absolute."""
    for _, container, where in world.containers():
        paths = [each["mountPath"] for each in container.get("volumeMounts", [])]
        for path in sorted({p for p in paths if paths.count(p) > 1}):
            yield Finding("mount-twice", where, path)
        for path in paths:
            if not path.startswith("/"):
                yield Finding("mount", where, f"{path} is not absolute")


def writable(world: World) -> Iterator[Finding]:
    """With a read-only root, ``/tmp``, ``HOME`` and the folder of state are volumes to write to."""
    for pod, container, where in world.containers():
        variables = environment(world, pod, container).values
        needed = {"/tmp"} | {  # noqa: S108 - of a container
            value for name in ("GLEANERY_HOME", "HOME") if (value := variables.get(name))
        }
        mounts = container.get("volumeMounts", [])
        open_to_us = [PurePosixPath(m["mountPath"]) for m in mounts if not m.get("readOnly")]
        for path in sorted(needed):
            if not any(PurePosixPath(path).is_relative_to(each) for each in open_to_us):
                yield Finding("writable", where, f"nothing to write to at {path}")


RULES = (volumes, places, writable)
