"""Schemas, strict: a field that Kubernetes does not know is an error.

Its own are files of the package ``kubernetes-validate``, whose own function reads megabytes of them
anew for each object; those of other projects' kinds are in ``others``, whatever the version.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from k8s.lint.crd import FOLDER, file_name
from k8s.lint.world import where

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

    from k8s.lint.rendering import Json


def versions() -> list[str]:
    """Return the versions of Kubernetes whose schemas are there, oldest first."""
    found = [re.match(r"v([\d.]+)-local$", each.name) for each in _FOLDER.iterdir()]
    return sorted((m[1] for m in found if m), key=lambda v: [int(n) for n in v.split(".")])


def mistakes(thing: Json, version: str) -> list[str]:
    """Return what Kubernetes would refuse in an object.

    Raises:
        FileNotFoundError: That version has no such kind.
    """
    found = _validator(thing["kind"], thing["apiVersion"], version).iter_errors(thing)
    return [f"{where(thing)}: {'.'.join(map(str, e.absolute_path))}: {e.message}" for e in found]


@cache
def _validator(kind: str, api_version: str, version: str) -> Validator:
    if (other := FOLDER / file_name(api_version, kind)).exists():
        return Draft202012Validator(json.loads(other.read_text(encoding="utf-8")))
    # networking.k8s.io/v1 → networking-v1
    short = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api_version)
    schema = _read(version, f"{kind.lower()}-{short}")
    resource: Resource[Any] = Resource.from_contents(schema)
    return Draft202012Validator(schema, registry=resource @ _definitions(version))


@cache
def _definitions(version: str) -> Registry[Any]:
    registry: Registry[Any] = Registry()
    return Resource.from_contents(_read(version, "_definitions")) @ registry


def _read(version: str, name: str) -> Any:
    path = _FOLDER / f"v{version}-local-strict" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))


_FOLDER = files("kubernetes_validate") / "kubernetes-json-schema"
